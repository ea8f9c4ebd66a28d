/**
 * Start-up times of whole processes: ours as built, beside the real Oz of
 * Debian's package. Prints a table; judges nothing.
 */
import { packageFile } from '../../src/base/package-root.ts';
import { measure, presentOf, printTimes, type Subject } from './measure.ts';

const node = process.execPath;

const subjects: Subject[] = [
  { name: 'node (nothing)', command: node, args: ['-e', '0'], exitCode: 0 },
  {
    name: 'Ozma: oz-install -h',
    command: node,
    args: [packageFile('bin', 'oz-install.js'), '-h'],
    exitCode: 0,
  },
  {
    name: 'Ozma: oz plan debian-13.tdl',
    command: node,
    args: [packageFile('bin', 'oz.js'), 'plan', packageFile('tdl-examples', 'debian-13.tdl')],
    exitCode: 0,
  },
  { name: 'Oz: oz-install -h', command: '/usr/bin/oz-install', args: ['-h'], exitCode: 1 },
];

printTimes(measure(presentOf(subjects, 'apt-get install oz')));
