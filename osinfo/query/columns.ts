/** What can be listed of each kind of entity: osinfo-query's properties, headings and widths. */

export interface Column {
  property: string;
  heading: string;
  /** Shown unless other columns are asked for. */
  shown: boolean;
  /** Bytes that it is filled up to. */
  width: number;
}

export type ListKind = 'os' | 'platform' | 'device' | 'deployment';

const column = (property: string, heading: string, shown: boolean, width: number): Column => ({
  property,
  heading,
  shown,
  width,
});

export const columns: Record<ListKind, readonly Column[]> = {
  os: [
    column('short-id', 'Short ID', true, 20),
    column('name', 'Name', true, 50),
    column('version', 'Version', true, 8),
    column('family', 'Family', false, 12),
    column('distro', 'Distro', false, 12),
    column('vendor', 'Vendor', false, 25),
    column('release-date', 'Release date', false, 12),
    column('eol-date', 'End of life', false, 12),
    column('codename', 'Code name', false, 10),
    column('id', 'ID', true, 40),
    column('release-status', 'Release status', false, 15),
  ],
  platform: [
    column('short-id', 'Short ID', true, 20),
    column('name', 'Name', true, 50),
    column('version', 'Version', true, 8),
    column('vendor', 'Vendor', true, 25),
    column('release-date', 'Release date', false, 12),
    column('eol-date', 'End of life', false, 12),
    column('codename', 'Code name', false, 10),
    column('id', 'ID', true, 40),
  ],
  device: [
    column('vendor', 'Vendor', true, 20),
    column('vendor-id', 'Vendor ID', true, 12),
    column('product', 'Product', true, 20),
    column('product-id', 'Product ID', true, 12),
    column('name', 'Name', true, 14),
    column('class', 'Class', true, 15),
    column('bus-type', 'Bus', true, 8),
    column('id', 'ID', true, 40),
  ],
  deployment: [column('id', 'ID', true, 40)],
};
