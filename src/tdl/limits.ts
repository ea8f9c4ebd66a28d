import { limits } from '../base/limits.ts';

/** How large a TDL, and each file it includes, may be. */
export const maxTdlBytes = limits.document;
