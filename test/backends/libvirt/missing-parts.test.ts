/** libvirt's words about what a machine lacks lead to the package that brings it. */
import { expect, it } from 'vitest';
import { callFailure, connectFailure } from '../../../backends/libvirt/failures.ts';
import { CallFailure, LibraryMissing } from '../../../backends/libvirt/threads.ts';

const failed = (message: string) =>
  callFailure(
    new CallFailure({ code: 1, domain: 10, message, call: 'virDomainCreateXML' }),
    'start guest x',
  );

it.each([
  // libvirt 9.0 and 11.3
  ["operation failed: Unable to find any firmware to satisfy 'efi'", 'ovmf'],
  [
    "operation failed: Unable to find 'efi' firmware that is compatible with the current configuration",
    'ovmf',
  ],
  ["Unable to find 'swtpm' binary in $PATH", 'swtpm'],
  ["Unable to find 'swtpm_setup' binary in $PATH", 'swtpm-tools'],
  ["Cannot find 'dnsmasq' in path: No such file or directory", 'dnsmasq-base'],
  [
    "Failed to connect socket to '/run/libvirt/virtlogd-sock': No such file or directory",
    'libvirt-daemon',
  ],
])('%s', (message, holder) => {
  expect(failed(message)).toMatchObject({
    code: 'OZ_LIBVIRT_FAILED',
    message: `Cannot start guest x: ${message}`,
    hint: expect.stringContaining(`(Debian: apt-get install ${holder})`),
  });
});

it('hints at no package for other words', () => {
  expect(failed("internal error: cannot find the file 'disk' in the pool")).toMatchObject({
    hint: undefined,
  });
});

it('names the library where another machine has the daemon', () => {
  const loading = (words: string) =>
    connectFailure(new LibraryMissing(words), 'qemu+ssh://host/system');
  expect(loading('Failed to load: cannot open: No such file or directory')).toMatchObject({
    code: 'OZ_LIBVIRT_MISSING',
    message: 'Cannot load libvirt: its library is not installed',
    hint: 'install it (Debian: apt-get install libvirt0)',
  });
  expect(loading('wrong ELF class\nmore').message).toBe('Cannot load libvirt: wrong ELF class');
});

it('hints at the driver only for what is a URI', () => {
  const message = 'no connection driver available for qemu:///system';
  const failure = new CallFailure({ code: 5, domain: 0, message, call: 'virConnectOpenAuth' });
  const { hint } = connectFailure(failure, 'qemu:///system');
  expect(hint).toMatch(/libvirt-daemon-driver-qemu|before its driver was installed/);
  expect(connectFailure(failure, 'qemu//system')).toMatchObject({
    code: 'OZ_LIBVIRT_NO_CONNECTION',
    hint: expect.stringContaining('check uri in [libvirt] of oz.cfg'),
  });
});
