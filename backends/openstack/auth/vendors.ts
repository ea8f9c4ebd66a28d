/**
 * Vendors that clouds.yaml may name in `profile` without a file of their profiles: where their
 * Keystone is, and their regions, the one used unless told first. Facts as openstacksdk has them.
 */
import type { Tree } from './clouds-files.ts';

const profile = (authUrl: string, regions: readonly string[], auth: Tree = {}): Tree => ({
  auth: { auth_url: authUrl, ...auth },
  regions,
});

const defaultDomain = { user_domain_name: 'Default', project_domain_name: 'Default' };

export const vendorProfiles: Readonly<Record<string, Tree>> = {
  auro: profile('https://api.van2.auro.io:5000/v3', ['RegionOne'], defaultDomain),
  binero: profile('https://auth.binero.cloud:5000/v3', ['europe-se-1']),
  citycloud: profile('https://{region_name}.citycloud.com:5000/v3', [
    ...['Buf1', 'Fra1', 'Sto2', 'Kna1', 'dx1', 'tky1'],
  ]),
  dreamcompute: profile('https://iad2.dream.io:5000', ['RegionOne']),
  elastx: profile('https://ops.elastx.cloud:5000/v3', ['se-sto']),
  entercloudsuite: profile('https://api.entercloudsuite.com', ['it-mil1', 'nl-ams1', 'de-fra1']),
  otc: profile('https://iam.{region_name}.otc.t-systems.com/v3', ['eu-de', 'eu-nl']),
  'otc-swiss': profile('https://iam-pub.eu-ch2.sc.otc.t-systems.com/v3', ['eu-ch2']),
  ovh: profile('https://auth.cloud.ovh.net/v3', [], defaultDomain),
  'ovh-us': profile(
    'https://auth.cloud.ovh.us',
    ['US-EAST-VA-1', 'US-WEST-OR-1', 'US-EAST-VA', 'US-WEST-OR'],
    defaultDomain,
  ),
  switchcloud: profile('https://identity.compute.cloud.switch.ch/v3', ['zhw', 'zhc']),
  switchengines: profile('https://keystone.cloud.switch.ch:5000/v3', ['LS', 'ZH']),
  vexxhost: profile('https://auth.vexxhost.net/v3', []),
  zetta: profile('https://identity.api.zetta.io/v3', ['no-osl1']),
};
