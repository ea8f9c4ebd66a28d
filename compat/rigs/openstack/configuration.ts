/** Configuration files of all services, as data. */
import { chown, mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { userIds } from './daemons.ts';
import {
  host,
  type Layout,
  network,
  password,
  ports,
  publicNetwork,
  region,
  url,
} from './layout.ts';

type Section = Record<string, string | number | boolean>;
type Ini = Record<string, Section>;

function iniText(ini: Ini): string {
  return Object.entries(ini)
    .map(([name, keys]) => {
      const lines = Object.entries(keys).map(([key, value]) => `${key} = ${value}\n`);
      return `[${name}]\n${lines.join('')}`;
    })
    .join('\n');
}

const queue = `rabbit://guest:guest@${host}:${ports.queue}/`;
// PyMySQL of Debian 12 does not know the name utf8mb3.
const database = (user: string, name = user) => ({
  connection: `mysql+pymysql://${user}:${password}@${host}/${name}?charset=utf8`,
  max_pool_size: 5,
});
const policy = (service: string) => ({ policy_dirs: `/etc/${service}/policy.d` });
const silent = { driver: 'noop' };
const general = { debug: false, use_stderr: true };

/** How a service signs in. */
const account = (username: string) => ({
  auth_url: url('identity'),
  auth_type: 'password',
  project_domain_name: 'Default',
  user_domain_name: 'Default',
  project_name: 'service',
  username,
  password,
});
const inRegion = (username: string) => ({ ...account(username), region_name: region });
const checksTokens = (username: string) => ({
  www_authenticate_uri: url('identity'),
  ...account(username),
  service_token_roles_required: true,
  service_token_roles: 'service',
  // A token that is taken back must soon be refused.
  token_cache_time: 20,
});

const keystone = ({ state }: Layout): Ini => ({
  DEFAULT: general,
  database: database('keystone'),
  token: { provider: 'fernet', expiration: 86400 },
  fernet_tokens: { key_repository: path.join(state('keystone'), 'fernet-keys') },
  credential: { key_repository: path.join(state('keystone'), 'credential-keys') },
  cache: { enabled: true, backend: 'oslo_cache.dict' },
  // The default costs 0.3 s of a processor for each password.
  identity: { password_hash_rounds: 4 },
  oslo_policy: policy('keystone'),
});

const glance = ({ state }: Layout): Ini => ({
  DEFAULT: {
    bind_host: host,
    bind_port: ports.image,
    workers: 0,
    show_image_direct_url: false,
    node_staging_uri: `file://${path.join(state('glance'), 'staging')}`,
  },
  image_format: {
    disk_formats: 'ami,ari,aki,vhd,vhdx,vmdk,raw,qcow2,vdi,iso,ploop',
    container_formats: 'ami,ari,aki,bare,ovf,ova,docker,compressed',
  },
  database: database('glance'),
  glance_store: {
    stores: 'file,http',
    default_store: 'file',
    filesystem_store_datadir: path.join(state('glance'), 'images'),
  },
  keystone_authtoken: checksTokens('glance'),
  paste_deploy: { flavor: 'keystone', config_file: '/etc/glance/glance-api-paste.ini' },
  oslo_concurrency: { lock_path: path.join(state('glance'), 'lock') },
  oslo_policy: policy('glance'),
});

const placement = (): Ini => ({
  DEFAULT: general,
  placement_database: database('placement'),
  api: { auth_strategy: 'keystone' },
  keystone_authtoken: checksTokens('placement'),
  oslo_policy: policy('placement'),
});

const nova = ({ state }: Layout): Ini => ({
  DEFAULT: {
    ...general,
    state_path: state('nova'),
    instances_path: path.join(state('nova'), 'instances'),
    my_ip: host,
    transport_url: queue,
    enabled_apis: 'osapi_compute,metadata',
    osapi_compute_listen: host,
    osapi_compute_workers: 1,
    metadata_listen: host,
    metadata_workers: 1,
    compute_driver: 'libvirt.LibvirtDriver',
    rootwrap_config: '/etc/nova/rootwrap.conf',
    cpu_allocation_ratio: '16.0',
    ram_allocation_ratio: '4.0',
    disk_allocation_ratio: '10.0',
    reserved_host_memory_mb: 512,
    vif_plugging_is_fatal: false,
    vif_plugging_timeout: 20,
    config_drive_format: 'iso9660',
    mkisofs_cmd: '/usr/bin/genisoimage',
    injected_network_template: '/usr/lib/python3/dist-packages/nova/virt/interfaces.template',
    // libvirt's event tells of a power-off after some 15 s; this is the fall-back.
    sync_power_state_interval: 60,
    resume_guests_state_on_host_boot: false,
    running_deleted_instance_action: 'reap',
    block_device_allocate_retries: 300,
    block_device_allocate_retries_interval: 2,
    default_ephemeral_format: 'ext4',
  },
  api: { auth_strategy: 'keystone' },
  api_database: database('nova', 'nova_api'),
  database: database('nova'),
  conductor: { workers: 1 },
  scheduler: { workers: 1, discover_hosts_in_cells_interval: 15 },
  filter_scheduler: {
    enabled_filters: 'ComputeFilter,ComputeCapabilitiesFilter,ImagePropertiesFilter',
  },
  keystone_authtoken: checksTokens('nova'),
  service_user: { send_service_user_token: true, ...account('nova') },
  placement: { ...inRegion('placement'), valid_interfaces: 'public' },
  glance: { region_name: region, valid_interfaces: 'public', num_retries: 3 },
  cinder: {
    catalog_info: 'volumev3::publicURL',
    os_region_name: region,
    ...account('nova'),
  },
  neutron: {
    ...inRegion('neutron'),
    valid_interfaces: 'public',
    service_metadata_proxy: true,
    metadata_proxy_shared_secret: password,
  },
  libvirt: {
    virt_type: 'qemu',
    cpu_mode: 'custom',
    cpu_models: 'Nehalem',
    // Emulated wrongly where the host itself lacks it: guests with two processors crash.
    cpu_model_extra_flags: '-cx16',
    images_type: 'qcow2',
    inject_partition: -2,
    inject_password: false,
    inject_key: false,
    wait_soft_reboot_seconds: 30,
    num_pcie_ports: 8,
    // Debian's libvirt runs the emulated TPM as this user.
    swtpm_enabled: true,
    swtpm_user: 'tss',
    swtpm_group: 'tss',
    nfs_mount_point_base: path.join(state('nova'), 'mnt'),
  },
  key_manager: { backend: 'barbican' },
  barbican: {
    auth_endpoint: `${url('identity')}/v3`,
    barbican_endpoint_type: 'public',
    barbican_region_name: region,
  },
  vnc: {
    enabled: true,
    server_listen: host,
    server_proxyclient_address: host,
    novncproxy_base_url: `http://${host}:${ports.console}/vnc_auto.html`,
    novncproxy_host: host,
    novncproxy_port: ports.console,
  },
  spice: { enabled: false },
  oslo_concurrency: { lock_path: path.join(state('nova'), 'lock') },
  oslo_messaging_notifications: silent,
  oslo_policy: policy('nova'),
  wsgi: { api_paste_config: '/etc/nova/api-paste.ini' },
  image_cache: { manager_interval: 900, remove_unused_original_minimum_age_seconds: 1200 },
});

/** Members of a project may keep secrets by the new rules alone. */
const barbican = (): Ini => ({
  DEFAULT: {
    ...general,
    host_href: url('secrets'),
    sql_connection: database('barbican').connection,
  },
  queue: { enable: false },
  keystone_notifications: { enable: false },
  secretstore: { enabled_secretstore_plugins: 'store_crypto' },
  crypto: { enabled_crypto_plugins: 'simple_crypto' },
  keystone_authtoken: checksTokens('barbican'),
  oslo_policy: { ...policy('barbican'), enforce_scope: true, enforce_new_defaults: true },
});

const cinder = ({ etc, state }: Layout): Ini => ({
  DEFAULT: {
    ...general,
    state_path: state('cinder'),
    my_ip: host,
    transport_url: queue,
    auth_strategy: 'keystone',
    osapi_volume_listen: host,
    osapi_volume_workers: 1,
    api_paste_config: '/etc/cinder/api-paste.ini',
    rootwrap_config: '/etc/cinder/rootwrap.conf',
    enabled_backends: 'nfs',
    glance_api_servers: url('image'),
    image_conversion_dir: path.join(state('cinder'), 'conversion'),
    volumes_dir: path.join(state('cinder'), 'volumes'),
  },
  nfs: {
    volume_driver: 'cinder.volume.drivers.nfs.NfsDriver',
    volume_backend_name: 'nfs',
    nfs_shares_config: path.join(etc, 'nfs_shares'),
    nfs_mount_point_base: path.join(state('cinder'), 'mnt'),
    nfs_sparsed_volumes: true,
    nfs_qcow2_volumes: false,
    nfs_snapshot_support: true,
    nas_secure_file_operations: false,
    nas_secure_file_permissions: false,
    image_volume_cache_enabled: false,
  },
  database: database('cinder'),
  keystone_authtoken: checksTokens('cinder'),
  service_user: { send_service_user_token: true, ...account('cinder') },
  nova: { ...inRegion('nova'), interface: 'public' },
  oslo_concurrency: { lock_path: path.join(state('cinder'), 'lock') },
  oslo_messaging_notifications: silent,
  oslo_policy: policy('cinder'),
});

const neutron = ({ state }: Layout): Ini => ({
  DEFAULT: {
    ...general,
    state_path: state('neutron'),
    bind_host: host,
    bind_port: ports.network,
    core_plugin: 'ml2',
    service_plugins: 'router',
    transport_url: queue,
    auth_strategy: 'keystone',
    api_workers: 0,
    rpc_workers: 0,
    rpc_state_report_workers: 0,
    api_paste_config: '/etc/neutron/api-paste.ini',
    notify_nova_on_port_status_changes: true,
    notify_nova_on_port_data_changes: true,
    dhcp_agents_per_network: 1,
    global_physnet_mtu: 1400,
  },
  experimental: { linuxbridge: true },
  agent: { root_helper: 'sudo /usr/bin/neutron-rootwrap /etc/neutron/rootwrap.conf' },
  database: database('neutron'),
  keystone_authtoken: checksTokens('neutron'),
  nova: { ...inRegion('nova'), endpoint_type: 'public' },
  placement: inRegion('placement'),
  oslo_concurrency: { lock_path: path.join(state('neutron'), 'lock') },
  oslo_messaging_notifications: silent,
  oslo_policy: policy('neutron'),
});

const flat = [network, publicNetwork];

const ml2 = (): Ini => ({
  ml2: {
    type_drivers: 'local,flat',
    tenant_network_types: 'local',
    mechanism_drivers: 'linuxbridge',
    extension_drivers: 'port_security',
  },
  ml2_type_flat: { flat_networks: flat.map(({ physical }) => physical).join(',') },
  // No kernel module for them; all that runs here is ours.
  securitygroup: { enable_security_group: false, enable_ipset: false, firewall_driver: 'noop' },
  linux_bridge: {
    physical_interface_mappings: flat
      .map(({ physical, bridgedInterface }) => `${physical}:${bridgedInterface}`)
      .join(','),
  },
  vxlan: { enable_vxlan: false },
  agent: { prevent_arp_spoofing: false },
});

const dhcpAgent = (): Ini => ({
  DEFAULT: {
    interface_driver: 'linuxbridge',
    dhcp_driver: 'neutron.agent.linux.dhcp.Dnsmasq',
    enable_isolated_metadata: true,
    force_metadata: true,
    dnsmasq_local_resolv: true,
  },
});

/** Guests find the metadata by what DHCP tells them: the router need not pass it on. */
const l3Agent = (): Ini => ({
  DEFAULT: { interface_driver: 'linuxbridge', enable_metadata_proxy: false },
});

const metadataAgent = (): Ini => ({
  DEFAULT: {
    nova_metadata_host: host,
    nova_metadata_port: ports.metadata,
    metadata_proxy_shared_secret: password,
    metadata_workers: 0,
  },
});

/** Small and careless: nothing in it outlives a test. */
const mariadb = ({ state, socket }: Layout): Ini => ({
  mysqld: {
    user: 'mysql',
    datadir: state('mysql'),
    socket,
    'pid-file': path.join(path.dirname(socket), 'mysqld.pid'),
    'bind-address': host,
    port: ports.database,
    'skip-name-resolve': 1,
    performance_schema: 'off',
    innodb_buffer_pool_size: '64M',
    innodb_log_file_size: '32M',
    innodb_flush_log_at_trx_commit: 0,
    innodb_doublewrite: 0,
    sync_binlog: 0,
    innodb_flush_method: 'nosync',
    max_connections: 300,
    key_buffer_size: '4M',
    aria_pagecache_buffer_size: '4M',
  },
});

const rabbitText = `listeners.tcp.default = ${host}:${ports.queue}
loopback_users.guest = true
vm_memory_high_watermark.absolute = 512MB
disk_free_limit.absolute = 50MB
log.console = true
log.file = false
`;

/** Path of a configuration file. */
export const configFile = ({ etc }: Layout, name: string) => path.join(etc, name);

/** Barbican's programs take no path of a configuration: they look below their home. */
export const barbicanEnv = ({ etc }: Layout) => ({ HOME: etc });

/** Writes all of them; they hold passwords, so only their service may read them. */
export async function writeConfiguration(layout: Layout): Promise<void> {
  const files: [string, string, string][] = [
    ['mariadb.cnf', 'mysql', iniText(mariadb(layout))],
    ['rabbitmq.conf', 'rabbitmq', rabbitText],
    ['enabled_plugins', 'rabbitmq', '[].\n'],
    ['keystone.conf', 'keystone', iniText(keystone(layout))],
    ['glance-api.conf', 'glance', iniText(glance(layout))],
    ['placement/placement.conf', 'placement', iniText(placement())],
    ['.barbican/barbican.conf', 'barbican', iniText(barbican())],
    ['nova.conf', 'nova', iniText(nova(layout))],
    ['cinder.conf', 'cinder', iniText(cinder(layout))],
    ['nfs_shares', 'cinder', `${host}:${layout.state('cinder/export')}\n`],
    ['neutron.conf', 'neutron', iniText(neutron(layout))],
    ['ml2.ini', 'neutron', iniText(ml2())],
    ['dhcp_agent.ini', 'neutron', iniText(dhcpAgent())],
    ['l3_agent.ini', 'neutron', iniText(l3Agent())],
    ['metadata_agent.ini', 'neutron', iniText(metadataAgent())],
  ];
  for (const [name, user, text] of files) {
    const file = configFile(layout, name);
    const { gid } = await userIds(user);
    await mkdir(path.dirname(file), { recursive: true, mode: 0o755 });
    await writeFile(file, text, { mode: 0o640 });
    await chown(file, 0, gid);
  }
}
