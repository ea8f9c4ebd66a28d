/** One cloud of clouds.yaml as flat settings: its vendor's profile below, the region's values above. */
import { OzError } from '../../../src/base/errors.ts';
import { suggest } from '../../../src/base/suggest.ts';
import { type CloudsFiles, isTree, type Tree } from './clouds-files.ts';
import { overlay, putSetting, type Settings } from './settings.ts';

/** Flat settings of one tree; what stands under `auth:` wins over the same name beside it. */
function flatten(tree: Tree): Settings {
  const settings: Settings = {};
  for (const [key, value] of Object.entries(tree)) putSetting(settings, key, value);
  if (isTree(tree.auth)) {
    for (const [key, value] of Object.entries(tree.auth)) putSetting(settings, key, value);
  }
  return settings;
}

function profileOf(name: string, profile: string, tree: Tree, files: CloudsFiles): Tree {
  const found = files.profiles[profile];
  if (found) return found;
  if (flatten(tree).auth_url) return {}; // as OpenStack's own tools, which only warn
  throw new OzError(
    'OZ_CLOUD_CONFIG',
    `Cannot use the cloud ${name}: its profile ${profile} is not in clouds-public.yaml`,
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
  const list = Array.isArray(tree.regions) ? tree.regions : [];
  return list.flatMap((entry: unknown): Region[] => {
    if (typeof entry === 'string') return [{ name: entry, values: {} }];
    if (!isTree(entry) || typeof entry.name !== 'string') return [];
    return [{ name: entry.name, values: isTree(entry.values) ? entry.values : {} }];
  });
}

function chooseRegion(cloud: string, regions: Region[], wanted: string | undefined) {
  if (regions.length === 0) return undefined;
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

/** The settings of the cloud of that name; `region` chooses where it has several. */
export function cloudEntry(name: string, files: CloudsFiles, region?: string): Settings {
  const tree = files.clouds[name];
  if (!tree) {
    const { names } = files;
    const near = suggest(name, names);
    const known = names.length ? `it has ${names.join(', ')}` : 'there is no such file';
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
  const vendor =
    typeof profile === 'string' && profile !== name ? profileOf(name, profile, tree, files) : {};
  const flat = overlay(flatten(vendor), flatten(tree));
  const regions = regionsOf(tree).length ? regionsOf(tree) : regionsOf(vendor);
  const chosen = chooseRegion(name, regions, region ?? flat.region_name);
  const settings = chosen
    ? { ...overlay(flat, flatten(chosen.values)), region_name: chosen.name }
    : flat;
  for (const key of ['cloud', 'profile', 'name']) delete settings[key];
  // Older files list several regions in one text.
  const first = settings.region_name?.split(',')[0]?.trim();
  if (first) settings.region_name = first;
  return settings;
}
