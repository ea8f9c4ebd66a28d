/** How large a TDL, and each file it includes, may be. */
export const maxTdlBytes = 5 * 1024 * 1024;
