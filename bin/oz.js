#!/bin/sh
//bin/grep -qs '^SigIgn:.*[13579bdf]$' "/proc/$$/status" && export OZMA_HANG_UP=ignored; exec node "$0" "$@"
import { setFlagsFromString } from 'node:v8';
import { start } from './start.js';

// These commands are short: optimizing their code takes half of their time and gains nothing.
setFlagsFromString('--no-opt');
await start('oz');
