#!/bin/sh
//bin/grep -qs '^SigIgn:.*[13579bdf]$' "/proc/$$/status" && export OZMA_HANG_UP=ignored; exec node "$0" "$@"
import { start } from './start.js';

await start('oz-customize');
