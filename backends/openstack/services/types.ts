/**
 * The cloud as the rest of the backend sees it: one plain object of small
 * functions a service, returning plain data. Opened by openCloud() in open.ts.
 *
 * Failures are OzErrors whose code tells what a caller can act on:
 * - `OZ_CLOUD_AUTH`        who you are is not accepted, or not complete
 * - `OZ_CLOUD_POLICY`      the cloud does not allow this to you (403)
 * - `OZ_CLOUD_QUOTA`       a quota or size limit is reached
 * - `OZ_CLOUD_GONE`        there is no such thing (404, 410)
 * - `OZ_CLOUD_BUSY`        not possible in its present state (409)
 * - `OZ_CLOUD_REFUSED`     the request is not accepted as it is (400 and the like)
 * - `OZ_CLOUD_UNREACHABLE` no answer, or only failures, for as long as we try
 * - `OZ_CLOUD_UNSURE`      a request that makes something broke off: it may be there
 *                          (see createOnce() in create-once.ts)
 * - `OZ_CLOUD_UNTRUSTED`   the certificate is not trusted
 * - `OZ_CLOUD_VERSION`     the service is too old for this, or no such service
 * - `OZ_CLOUD_CONFIG`      clouds.yaml, OS_* or oz.cfg can't be used
 * - `OZ_CLOUD_CORRUPT`     bytes got or sent differ from what the cloud says they are
 */
import type { Readable } from 'node:stream';
import type { ProgressListener } from '../../../src/media/progress.ts';

export interface Call {
  signal?: AbortSignal | undefined;
}

export interface TransferCall extends Call {
  onProgress?: ProgressListener | undefined;
}

export type Properties = Readonly<Record<string, string>>;

/** A service's answer as it is, for the evidence folder. Secrets are taken out. */
export type RawAnswer = Readonly<Record<string, unknown>>;

/** One project of one cloud, with a session that renews itself. */
export interface Cloud {
  /** Name in clouds.yaml, else the host of Keystone. */
  readonly name: string;
  readonly projectId: string;
  readonly projectName: string | null;
  readonly userId: string;
  readonly userName: string | null;
  /** Null where the catalogue names none. */
  readonly region: string | null;
  /** Of the token: `member`, `reader`, `admin`, … */
  readonly roles: readonly string[];
  readonly keystone: Keystone;
  readonly glance: Glance;
  readonly nova: Nova;
  /** Null when the catalogue has none. */
  readonly cinder: Cinder | null;
  readonly neutron: Neutron | null;
  /** Whether the catalogue has one (Barbican): Nova keeps the keys of TPMs there. */
  readonly keyManager: boolean;
  /** Requests sent so far, repeats and token requests included. */
  calls(): number;
  /** Milliseconds that its clock is ahead of this machine's; null: it does not tell. */
  clockOffset(): number | null;
  /** Takes the session's secrets out of a text. */
  mask(text: string): string;
  /** Ends idle connections. Pending calls end by their own signal. */
  close(): void;
}

/** A service's range of microversions, `2.1` to `2.96`; null: it has none. */
export interface MicroversionRange {
  min: string;
  max: string;
}

// ---- Keystone

export interface Project {
  id: string;
  name: string;
  enabled: boolean;
}

export interface Keystone {
  /** The projects that the user has a role in. */
  projects(call?: Call): Promise<Project[]>;
}

// ---- Glance

export type ImageStatus =
  | 'queued'
  | 'saving'
  | 'uploading'
  | 'importing'
  | 'active'
  | 'deactivated'
  | 'killed'
  | 'deleted'
  | 'pending_delete';

export type Visibility = 'private' | 'shared' | 'community' | 'public';

export interface Image {
  id: string;
  name: string | null;
  status: ImageStatus;
  visibility: Visibility;
  /** Bytes as stored; null until there is data. */
  size: number | null;
  /** Bytes that a guest sees; null where Glance does not know. */
  virtualSize: number | null;
  diskFormat: string | null;
  containerFormat: string | null;
  /** GiB and MiB. */
  minDisk: number;
  minRam: number;
  /** What Glance computed over the stored bytes: `sha512`, or `md5` of an old Glance. */
  digest: { algorithm: string; value: string } | null;
  protected: boolean;
  /** Project. */
  owner: string | null;
  tags: readonly string[];
  /** RFC 3339. */
  createdAt: string;
  updatedAt: string;
  /** Everything else that is a text (hw_*, os_*, own ones). */
  properties: Properties;
}

export interface NewImage {
  /** A UUID of our own choice: a broken-off request can then be repeated safely. */
  id?: string | undefined;
  name: string;
  diskFormat: string;
  containerFormat: string;
  visibility?: Visibility | undefined;
  /** GiB and MiB. */
  minDisk?: number | undefined;
  minRam?: number | undefined;
  protected?: boolean | undefined;
  tags?: readonly string[] | undefined;
  properties?: Properties | undefined;
}

/** Bytes to send, with a length known beforehand where possible. */
export interface UploadSource {
  size: number | null;
  /** Called for each attempt; only once when not repeatable. */
  open(): Readable | Promise<Readable>;
  repeatable: boolean;
}

/** JSON patch by property names: null removes (what is not there is no error). */
export type ImageChange = Readonly<Record<string, string | number | boolean | null>>;

export interface ImageQuery {
  name?: string | undefined;
  status?: ImageStatus | undefined;
  /** Own and free properties, exact. */
  properties?: Properties | undefined;
  /** `os_hash_value`. */
  hash?: string | undefined;
  /** Only those of the session's project; all visible ones unless told. */
  mine?: boolean | undefined;
  /** Stops after so many. */
  limit?: number | undefined;
}

export interface ImageTask {
  id: string;
  /** pending, processing, success, failure */
  status: string;
  message: string;
}

export interface Glance {
  /** Makes an image without data (`queued`). Properties Glance owns (os_glance_*) are left out. */
  createImage(image: NewImage, call?: Call): Promise<Image>;
  /** Null when there is none (any more). */
  image(id: string, call?: Call): Promise<Image | null>;
  images(query: ImageQuery, call?: Call): Promise<Image[]>;
  /**
   * Sends the data of a queued image and waits until it is active. A repeatable
   * source is sent again after a dropped connection or a restarted endpoint.
   * Checks what arrived against what was sent.
   */
  upload(id: string, source: UploadSource, call?: TransferCall): Promise<Image>;
  /**
   * The data, in order, all of it; goes on where it was after a dropped connection.
   * Each step is the reader's until it asks for the next one: its memory is used again. Not
   * compared with Glance's digest: saveImage() does that.
   */
  download(image: Image, call?: TransferCall): AsyncIterable<readonly Buffer[]>;
  changeImage(id: string, changes: ImageChange, call?: Call): Promise<Image>;
  /** What is gone already is no error. A protected image is refused. */
  deleteImage(id: string, call?: Call): Promise<void>;
  /** `glance-direct`, `web-download`, …; empty for a Glance without import. */
  importMethods(call?: Call): Promise<readonly string[]>;
  /** Names of the stores; empty for a Glance with just one. */
  stores(call?: Call): Promise<readonly { id: string; isDefault: boolean }[]>;
  /** Lets Glance fetch the data of a queued image itself; see waitForImage(). */
  importFromUrl(
    id: string,
    url: string,
    call?: Call & { stores?: readonly string[] },
  ): Promise<void>;
  /** Empty for a Glance without them. */
  imageTasks(id: string, call?: Call): Promise<ImageTask[]>;
  /**
   * Polls until the image is active. Throws `OZ_CLOUD_GONE` when it vanishes,
   * `OZ_CLOUD_REFUSED` when it is killed, deactivated, or its import failed (with
   * Glance's reason). Bounded by the signal alone.
   */
  waitForImage(
    id: string,
    call?: Call & {
      pollMs?: number | undefined;
      onPoll?: ((image: Image) => void) | undefined;
      /**
       * Glance fetches it: milliseconds after which an image that waits without a task has
       * failed. A Glance without tasks says no more of a failure than that.
       */
      importMs?: number | undefined;
    },
  ): Promise<Image>;
}

export interface AvailabilityZone {
  name: string;
  available: boolean;
}

// ---- Nova

export interface Flavor {
  id: string;
  name: string;
  vcpus: number;
  /** MiB. */
  ram: number;
  /** GiB of the root disk; 0: as large as the image, volumes only for ordinary users. */
  disk: number;
  /** GiB of local scratch disks. */
  ephemeral: number;
  /** MiB of a local disk for swapping. */
  swap: number;
  isPublic: boolean;
  disabled: boolean;
  extraSpecs: Properties;
}

export interface ServerAddress {
  network: string;
  address: string;
  version: 4 | 6;
  kind: 'fixed' | 'floating';
  mac: string | null;
}

export interface Server {
  id: string;
  name: string;
  /** BUILD, ACTIVE, SHUTOFF, ERROR, RESCUE, … */
  status: string;
  /** active, stopped, rescued, error, … */
  vmState: string | null;
  /** What Nova is doing to it just now, or null. */
  taskState: string | null;
  /** 0 unknown, 1 running, 3 paused, 4 shut down, 6 crashed, 7 suspended. */
  powerState: number;
  /** Nova's own words for what went wrong. */
  fault: { code: number; message: string } | null;
  addresses: readonly ServerAddress[];
  metadata: Properties;
  imageId: string | null;
  keyName: string | null;
  availabilityZone: string | null;
  /** Cinder volumes attached to it. */
  volumeIds: readonly string[];
  /** RFC 3339. */
  created: string;
  raw: RawAnswer;
}

/** Counters since the guest's start, summed over its disks and cards; null: not told. */
export interface Diagnostics {
  diskRequests: number | null;
  diskBytes: number | null;
  bytesWritten: number | null;
  networkBytes: number | null;
  raw: RawAnswer;
}

export interface InstanceAction {
  action: string;
  requestId: string;
  startTime: string;
  /** Null: Nova itself. */
  userId: string | null;
  /** Set when it went wrong. */
  message: string | null;
}

export interface InstanceEvent {
  event: string;
  /** Success, Error, or null while it goes on. */
  result: string | null;
  details: string | null;
}

export interface Keypair {
  name: string;
  fingerprint: string;
}

/** A limit of null is none. */
export interface Limit {
  limit: number | null;
  used: number;
}

export interface ComputeLimits {
  instances: Limit;
  cores: Limit;
  /** MiB. */
  ram: Limit;
  /** Keys one server may have. */
  metadataItems: number | null;
  keypairs: number | null;
}

export interface VolumeAttachment {
  volumeId: string;
  serverId: string;
  device: string | null;
}

export interface ServerQuery {
  /** Exact name. */
  name?: string | undefined;
  /** All of these, exact. */
  metadata?: Properties | undefined;
}

export interface Nova {
  readonly microversion: MicroversionRange | null;
  /** Whether the service speaks that microversion (`2.87`). */
  supports(version: string): boolean;

  flavors(call?: Call): Promise<Flavor[]>;
  availabilityZones(call?: Call): Promise<AvailabilityZone[]>;
  limits(call?: Call): Promise<ComputeLimits>;

  /**
   * `body` is what goes inside `{"server": …}`. Sent with `microversion`, or the
   * best of 2.67, 2.37, 2.1 unless told. Returns the new id; the server is BUILD.
   */
  createServer(
    body: Readonly<Record<string, unknown>>,
    call?: Call & { microversion?: string | undefined },
  ): Promise<{ id: string }>;
  /** Null when there is none (any more). */
  server(id: string, call?: Call): Promise<Server | null>;
  servers(query: ServerQuery, call?: Call): Promise<Server[]>;
  /** Returns when the request is taken; what is gone already is no error. */
  deleteServer(id: string, call?: Call): Promise<void>;
  /** For a server that is SOFT_DELETED: it goes at once. */
  forceDeleteServer(id: string, call?: Call): Promise<void>;
  startServer(id: string, call?: Call): Promise<void>;
  stopServer(id: string, call?: Call): Promise<void>;
  rebootServer(id: string, kind: 'SOFT' | 'HARD', call?: Call): Promise<void>;
  /** Snapshot; returns the id of the image, which is not active yet. */
  createImage(
    id: string,
    image: { name: string; metadata?: Properties },
    call?: Call,
  ): Promise<string>;
  /** Throws `OZ_CLOUD_VERSION` where stable rescue of volume-backed servers would be needed and is not there. */
  rescueServer(
    id: string,
    options: { imageId: string; volumeBacked?: boolean },
    call?: Call,
  ): Promise<void>;
  unrescueServer(id: string, call?: Call): Promise<void>;
  /** Adds and replaces keys. */
  setServerMetadata(id: string, metadata: Properties, call?: Call): Promise<void>;
  /** Throws `OZ_CLOUD_POLICY` where only admins may, `OZ_CLOUD_BUSY` unless running. */
  diagnostics(id: string, call?: Call): Promise<Diagnostics>;
  /** The last lines (all unless told); null: no console to be had (now). */
  consoleOutput(id: string, call?: Call & { lines?: number | undefined }): Promise<string | null>;
  /** URL with a token in it: a secret. */
  remoteConsole(
    id: string,
    call?: Call & { protocol?: 'vnc' | 'spice' | 'serial'; type?: string },
  ): Promise<{ url: string; type: string }>;
  instanceActions(id: string, call?: Call): Promise<InstanceAction[]>;
  instanceEvents(id: string, requestId: string, call?: Call): Promise<InstanceEvent[]>;
  volumeAttachments(id: string, call?: Call): Promise<VolumeAttachment[]>;
  attachVolume(id: string, volumeId: string, call?: Call): Promise<VolumeAttachment>;
  detachVolume(id: string, volumeId: string, call?: Call): Promise<void>;

  keypair(name: string, call?: Call): Promise<Keypair | null>;
  keypairs(call?: Call): Promise<Keypair[]>;
  importKeypair(keypair: { name: string; publicKey: string }, call?: Call): Promise<Keypair>;
  deleteKeypair(name: string, call?: Call): Promise<void>;
}

// ---- Cinder

export interface Volume {
  id: string;
  name: string | null;
  /** creating, available, in-use, uploading, deleting, error, error_deleting, … */
  status: string;
  /** GiB. */
  size: number;
  bootable: boolean;
  encrypted: boolean;
  type: string | null;
  availabilityZone: string | null;
  metadata: Properties;
  /** Properties that a server booted from it sees as its image's. */
  imageMetadata: Properties;
  attachments: readonly { serverId: string; device: string | null }[];
  createdAt: string;
  raw: RawAnswer;
}

export interface NewVolume {
  name: string;
  /** GiB. */
  size: number;
  metadata?: Properties | undefined;
  imageId?: string | undefined;
  /** A volume to copy. */
  sourceId?: string | undefined;
  type?: string | undefined;
  availabilityZone?: string | undefined;
  description?: string | undefined;
}

export interface VolumeLimits {
  volumes: Limit;
  /** GiB. */
  gigabytes: Limit;
}

export interface VolumeType {
  id: string;
  name: string;
  isPublic: boolean;
}

export interface VolumeQuery {
  name?: string | undefined;
  metadata?: Properties | undefined;
  status?: string | undefined;
}

export interface Cinder {
  readonly microversion: MicroversionRange | null;
  supports(version: string): boolean;
  createVolume(volume: NewVolume, call?: Call): Promise<Volume>;
  volume(id: string, call?: Call): Promise<Volume | null>;
  volumes(query: VolumeQuery, call?: Call): Promise<Volume[]>;
  deleteVolume(id: string, call?: Call): Promise<void>;
  setVolumeMetadata(id: string, metadata: Properties, call?: Call): Promise<void>;
  setBootable(id: string, bootable: boolean, call?: Call): Promise<void>;
  setImageMetadata(id: string, metadata: Properties, call?: Call): Promise<void>;
  /** What is not there is no error. */
  unsetImageMetadata(id: string, key: string, call?: Call): Promise<void>;
  /** Returns the id of the image, which is not active yet; the volume must be `available`. */
  uploadToImage(
    id: string,
    image: { name: string; diskFormat: string; containerFormat?: string; visibility?: Visibility },
    call?: Call,
  ): Promise<string>;
  limits(call?: Call): Promise<VolumeLimits>;
  /** Empty where the cloud does not tell. */
  availabilityZones(call?: Call): Promise<readonly AvailabilityZone[]>;
  volumeTypes(call?: Call): Promise<VolumeType[]>;
  /** Cinder's own words for what went wrong with a volume; empty where it has none. */
  messages(volumeId: string, call?: Call): Promise<string[]>;
}

// ---- Neutron

export interface Network {
  id: string;
  name: string;
  status: string;
  adminStateUp: boolean;
  shared: boolean;
  external: boolean;
  projectId: string | null;
  subnetIds: readonly string[];
  mtu: number | null;
  portSecurity: boolean;
}

export interface Subnet {
  id: string;
  name: string;
  networkId: string;
  version: 4 | 6;
  cidr: string;
  gateway: string | null;
  dhcp: boolean;
  dns: readonly string[];
}

export interface Port {
  id: string;
  name: string;
  networkId: string;
  deviceId: string;
  deviceOwner: string;
  status: string;
  mac: string;
  fixedIps: readonly { subnetId: string; address: string }[];
  securityGroupIds: readonly string[];
}

export interface SecurityGroup {
  id: string;
  name: string;
  projectId: string | null;
  rules: readonly {
    direction: 'ingress' | 'egress';
    version: 4 | 6;
    /** tcp, udp, icmp, …; null: any. */
    protocol: string | null;
    portMin: number | null;
    portMax: number | null;
    remotePrefix: string | null;
    remoteGroupId: string | null;
  }[];
}

export interface FloatingIp {
  id: string;
  address: string;
  status: string;
  networkId: string;
  portId: string | null;
  fixedAddress: string | null;
  description: string;
}

export interface NetworkLimits {
  ports: Limit;
  floatingIps: Limit;
}

export interface Neutron {
  /** Aliases: `router`, `port-security`, `security-group`, … */
  extensions(call?: Call): Promise<readonly string[]>;
  networks(query?: { name?: string; external?: boolean }, call?: Call): Promise<Network[]>;
  network(id: string, call?: Call): Promise<Network | null>;
  subnets(query?: { networkId?: string }, call?: Call): Promise<Subnet[]>;
  ports(
    query: { deviceId?: string; networkId?: string; name?: string },
    call?: Call,
  ): Promise<Port[]>;
  port(id: string, call?: Call): Promise<Port | null>;
  createPort(
    port: { networkId: string; name: string; securityGroupIds?: readonly string[] },
    call?: Call,
  ): Promise<Port>;
  deletePort(id: string, call?: Call): Promise<void>;
  /** Those of the project; empty for a Neutron without them. */
  securityGroups(query?: { name?: string }, call?: Call): Promise<SecurityGroup[]>;
  floatingIps(
    query: { portId?: string; networkId?: string; description?: string },
    call?: Call,
  ): Promise<FloatingIp[]>;
  createFloatingIp(
    ip: { networkId: string; portId?: string; description?: string },
    call?: Call,
  ): Promise<FloatingIp>;
  deleteFloatingIp(id: string, call?: Call): Promise<void>;
  /** Null where the cloud does not tell. */
  limits(call?: Call): Promise<NetworkLimits | null>;
}
