/** User data of the kind #cloud-config. */

/** cloud-init is to do what it is told and leave the image otherwise as it is. */
const leaveAlone = {
  apt: { preserve_sources_list: true },
  preserve_hostname: true,
  manage_etc_hosts: false,
  // No default user; an empty list is no valid one for older releases.
  users: [{ name: 'root', lock_passwd: false }],
  allow_public_ssh_keys: false,
  // Fedora's and Red Hat's own configuration says no, which then stays in the image.
  ssh_pwauth: 'unchanged',
  locale: 'false', // else the one that cloud-init prefers takes the place of the installer's
  ssh: { emit_keys_to_console: false },
  no_ssh_fingerprints: true,
  package_update: false,
  package_upgrade: false,
  growpart: { mode: 'off' },
  resize_rootfs: false,
};

/** JSON is YAML, and has no surprises. */
export function cloudConfig(wishes: Readonly<Record<string, unknown>>): string {
  return `#cloud-config\n${JSON.stringify({ ...leaveAlone, ...wishes })}\n`;
}

/** Lets the build into the guest over SSH, as root. Sealing takes the key out again. */
export function accessUserData(publicKey: string): string {
  return cloudConfig({
    ...{ disable_root: false, ssh_authorized_keys: [publicKey] },
    ssh: { emit_keys_to_console: true }, // by which the build knows that it is in this guest
  });
}
