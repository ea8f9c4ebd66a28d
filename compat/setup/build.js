/** Builds dist/, as tsdown.config.ts says: tsdown's own command warns of Node 20 at each npm ci. */
import { build } from 'tsdown';

// npm 10 prepares what it packs in spite of --ignore-scripts, and others may be using dist/
if (process.env.npm_config_ignore_scripts !== 'true') await build({ logLevel: 'warn' });
