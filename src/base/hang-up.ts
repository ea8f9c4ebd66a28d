/** Whether a hang-up of the terminal is to be ignored, as nohup(1) asks for. */
let ignored = false;

/** Said by whoever started the process: Node.js forgets what it was started with. */
export function ignoreHangUps(): void {
  ignored = true;
}

export const ignoresHangUps = (): boolean => ignored;
