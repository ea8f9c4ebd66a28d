/** What is wrong with a text as the address of one network interface; undefined: nothing. */
export function macProblem(text: string): { why: string; hint?: string } | undefined {
  if (!/^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/i.test(text))
    return {
      why: 'is not a MAC address',
      hint: 'write six pairs of hexadecimal digits, such as 52:54:00:12:34:56',
    };
  if (Number.parseInt(text.slice(0, 2), 16) & 1)
    return {
      why: 'is a multicast address',
      hint: 'the first pair must be even, such as 52:54:00:12:34:56',
    };
  return /^[0:]+$/.test(text) ? { why: 'is all zeros' } : undefined;
}
