/** The keys of [openstack], as data. Their defaults are those of the whole program. */
import type { ConfigKey } from './keys.ts';

type Details = Partial<Omit<ConfigKey, 'section' | 'key' | 'description'>>;

const key = (name: string, description: string, details: Details = {}): ConfigKey => ({
  section: 'openstack',
  key: name,
  type: details.choices ? 'choice' : 'text',
  default: '',
  ...details,
  description,
});

const secret = { secret: true } as const;

const seconds = (name: string, value: number, description: string): ConfigKey =>
  key(name, description, { type: 'integer', default: String(value), minimum: 1 });

/** Who one is, and where. What is not here comes from clouds.yaml and OS_* variables. */
const login: ConfigKey[] = [
  key('cloud', 'Name of the cloud in clouds.yaml. Unset: OS_CLOUD.'),
  key('auth_type', 'Way to log in. Unset: told by which of the keys below are there.', {
    choices: ['password', 'token', 'v3password', 'v3token', 'v3applicationcredential'],
  }),
  key('auth_url', 'URL of Keystone.'),
  key('username', 'User name.'),
  key('user_id', 'User id, instead of a name and domain.'),
  key('password', 'Password. An application credential is the safer choice in a file.', secret),
  key('token', 'Token, instead of a password; a long build outlives most tokens.', secret),
  key('application_credential_id', 'Id of an application credential.'),
  key('application_credential_name', 'Name of an application credential, with its user.'),
  key('application_credential_secret', 'Secret of the application credential.', secret),
  key('project_name', 'Project (tenant) by name.'),
  key('project_id', 'Project (tenant) by id.'),
  key('user_domain_name', "Domain of the user by name. Unset: the cloud's default domain."),
  key('user_domain_id', 'Domain of the user by id.'),
  key('project_domain_name', "Domain of the project by name. Unset: the cloud's default domain."),
  key('project_domain_id', 'Domain of the project by id.'),
  key('region_name', 'Region. Unset: the only one.'),
  key('interface', 'Which endpoints are used. Unset: public.', {
    choices: ['public', 'internal', 'admin', 'publicURL', 'internalURL', 'adminURL'],
  }),
  key('identity_endpoint_override', 'URL of Keystone instead of that in the catalog.'),
  key('image_endpoint_override', 'URL of Glance instead of that in the catalog.'),
  key('compute_endpoint_override', 'URL of Nova instead of that in the catalog.'),
  key('volume_endpoint_override', 'URL of Cinder instead of that in the catalog.'),
  key('network_endpoint_override', 'URL of Neutron instead of that in the catalog.'),
  key('cacert', 'File with the CA certificates to trust.', { type: 'path' }),
  key('cert', "File with the client's own certificate, where Keystone wants one.", {
    type: 'path',
  }),
  key('key', "File with the key of the client's certificate.", { type: 'path' }),
  key('insecure', 'Whether any certificate is accepted: for test clouds only.', {
    type: 'boolean',
  }),
];

/** What servers are made of. */
const servers: ConfigKey[] = [
  key('flavor', 'Flavor by name or id. Unset: the smallest that fits.'),
  key('min_vcpus', 'Processors that a flavor must have to be chosen.', {
    type: 'integer',
    minimum: 1,
  }),
  key('min_ram', 'Memory in MiB that a flavor must have to be chosen. Unset: what the OS needs.', {
    type: 'integer',
    minimum: 1,
  }),
  key('min_disk', 'Root disk in GiB that a flavor must have to be chosen. Unset: what fits.', {
    type: 'integer',
    minimum: 1,
  }),
  key('network', 'Network by name or id. Unset: the only one there is.'),
  key('security_groups', 'Security groups by name or id, separated by commas.'),
  key('availability_zone', 'Availability zone of servers and volumes.'),
  key('keypair', 'Key pair of the project to give to servers as well.'),
  key('volume_type', 'Type of the volumes.'),
  key(
    'secure_boot',
    'Whether the cloud has hosts with secure boot, for systems that ask for it (Nova since Wallaby). Also told by a flavor set here with os:secure_boot=required.',
    { type: 'boolean', default: 'no' },
  ),
  key(
    'tpm',
    'Whether the cloud has hosts with TPMs and a key manager, for systems that ask for a TPM 2.0. Also told by a flavor set here with hw:tpm_version=2.0.',
    { type: 'boolean', default: 'no' },
  ),
  key(
    'strategy',
    'How the installer is started: by its kernel on the disk (direct), from volumes, as a rescue medium, or as the cloud allows (auto).',
    {
      choices: ['auto', 'direct', 'volumes', 'rescue'],
      default: 'auto',
    },
  ),
  key('answer', 'How the answer file reaches the installer, or as the strategy allows (auto).', {
    choices: ['auto', 'initrd', 'medium', 'user-data', 'remaster'],
    default: 'auto',
  }),
  key('web_download', 'Let Glance fetch installers by itself where it can.', {
    type: 'boolean',
    default: 'yes',
  }),
];

/** How the build gets into its servers. */
const access: ConfigKey[] = [
  key('customize', 'How guests are customized: over SSH, by cloud-init, or by what works.', {
    choices: ['auto', 'ssh', 'cloud-init'],
    default: 'auto',
  }),
  key('floating_ip_pool', 'External network to take a floating IP from, by name or id.'),
  key('bastion', 'Host to reach servers through, as user@host or user@host:port.'),
];

/** What is left in the end. */
const results: ConfigKey[] = [
  key('result', 'Whether the image stays in Glance, is downloaded, or both.', {
    choices: ['glance', 'download', 'both'],
    default: 'glance',
  }),
  key(
    'image_visibility',
    'Who sees the image in Glance. Where the cloud does not allow it: only its project, with a warning.',
    {
      choices: ['private', 'shared', 'community', 'public'],
      default: 'private',
    },
  ),
  key('image_properties', 'Further image properties, as name=value, separated by commas.', {
    type: 'pairs',
  }),
];

const limits: ConfigKey[] = [
  seconds('server_timeout', 900, 'Seconds until a server must be running, stopped or gone.'),
  seconds('volume_timeout', 900, 'Seconds until a volume must be ready or gone.'),
  seconds('image_timeout', 3600, 'Seconds until a snapshot or an import must be done.'),
];

export const openstackKeys: readonly ConfigKey[] = [
  ...login,
  ...servers,
  ...access,
  ...results,
  ...limits,
];
