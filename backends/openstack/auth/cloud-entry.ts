/** One cloud of clouds.yaml as flat settings: its vendor's profile below, the region's values above. */
import { OzError } from '../../../src/base/errors.ts';
import { suggest } from '../../../src/base/suggest.ts';
import { type CloudsFiles, isTree, type Tree } from './clouds-files.ts';
import { overlay, putSettings, type Settings } from './settings.ts';
import { vendorProfiles } from './vendors.ts';

/** Flat settings of one tree; what stands under `auth:` wins over the same name beside it. */
function flatten(tree: Tree): Settings {
  const settings: Settings = {};
  putSettings(settings, tree);
  if (isTree(tree.auth)) putSettings(settings, tree.auth);
  return settings;
}

function profileOf(name: string, profile: string, tree: Tree, files: CloudsFiles): Tree {
  const found = files.profiles[profile] ?? vendorProfiles[profile];
  if (found) return found;
  if (flatten(tree).auth_url) {
    // As OpenStack's own tools, which only warn.
    files.warnings.push(`the profile ${profile} of the cloud ${name} is not known: it is left out`);
    return {};
  }
  throw new OzError(
    'OZ_CLOUD_CONFIG',
    `Cannot use the cloud ${name}: its profile ${profile} is neither known nor in clouds-public.yaml`,
    {
      hint: 'add the profile there under "public-clouds:", or write auth_url into the cloud itself',
    },
  );
}

interface Region {
  name: string;
  values: Tree;
}

function regionsOf(tree: Tree): Region[] {
  const list = [tree.regions, tree.region_name].find(Array.isArray) ?? []; // the latter: older
  return list.flatMap((entry: unknown): Region[] => {
    if (typeof entry === 'string') return [{ name: entry, values: {} }];
    if (!isTree(entry) || typeof entry.name !== 'string') return [];
    return [{ name: entry.name, values: isTree(entry.values) ? entry.values : {} }];
  });
}

function chooseRegion(cloud: string, regions: Region[], wanted: string | undefined) {
  if (!wanted) return regions[0];
  const found = regions.find((region) => region.name === wanted);
  if (found) return found;
  const names = regions.map((region) => region.name);
  throw new OzError(
    'OZ_CLOUD_CONFIG',
    `Cannot use the cloud ${cloud}: it has no region ${wanted}`,
    { hint: `it has ${names.join(', ')}` },
  );
}

/**
 * Of those that the cloud itself lists one must be chosen. A vendor's list may have grown since:
 * what it does not know is asked of the catalogue.
 */
function regionFor(cloud: string, tree: Tree, vendor: Tree, wanted: string | undefined) {
  const own = regionsOf(tree);
  if (own.length > 0) return chooseRegion(cloud, own, wanted);
  const known = regionsOf(vendor);
  return wanted ? known.find((region) => region.name === wanted) : known[0];
}

/** The settings of the cloud of that name; `region` chooses where it has several. */
export function cloudEntry(name: string, files: CloudsFiles, region?: string): Settings {
  const tree = files.clouds[name];
  if (!tree) {
    const { names } = files;
    const near = suggest(name, names);
    const known = names.length
      ? `it has ${names.join(', ')}`
      : 'it has none: they are below "clouds:"';
    throw new OzError(
      'OZ_CLOUD_CONFIG',
      `Cannot find the cloud ${name} in ${files.file ?? 'clouds.yaml'}`,
      {
        hint: near
          ? `did you mean ${near}?`
          : files.file
            ? known
            : 'write one into ~/.config/openstack/clouds.yaml, or name it in OS_CLIENT_CONFIG_FILE',
      },
    );
  }
  const profile = tree.profile ?? tree.cloud; // `cloud` is its older name
  const vendor = typeof profile === 'string' ? profileOf(name, profile, tree, files) : {};
  const flat = overlay(flatten(vendor), flatten(tree));
  const chosen = regionFor(name, tree, vendor, region ?? flat.region_name);
  const settings = overlay(flat, flatten(chosen?.values ?? {}));
  const regionName = chosen?.name ?? region;
  if (regionName) settings.region_name = regionName;
  for (const key of ['cloud', 'profile', 'name']) delete settings[key];
  // Older files list several regions in one text.
  const first = settings.region_name?.split(',')[0]?.trim();
  if (first) settings.region_name = first;
  return settings;
}
