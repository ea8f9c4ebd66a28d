/** The hypervisor behind a connection, in osinfo's words. */

/** What osinfo calls the product of a driver; kvm is QEMU's accelerator. */
const products: Readonly<Record<string, string>> = {
  qemu: 'http://qemu.org/qemu',
  xen: 'http://xen.org/xen',
};

/** `version` is libvirt's: 1000000 * major + 1000 * minor + release. Undefined for others. */
export function platformOf(driver: string, version: number): string | undefined {
  const product = Object.hasOwn(products, driver) ? products[driver] : undefined;
  if (product === undefined || version <= 0) return undefined;
  const [major, minor] = [Math.floor(version / 1_000_000), Math.floor(version / 1000) % 1000];
  return `${product}/${major}.${minor}.${version % 1000}`;
}
