/** Builds dist/, as tsdown.config.ts says: tsdown's own command warns of Node 20 at each npm ci. */
import { build } from 'tsdown';

await build({ logLevel: 'warn' });
