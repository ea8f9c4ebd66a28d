/** Whether root of a guest has the password that the TDL asks for. */
import { OzError } from '../base/errors.ts';
import type { Session } from './session.ts';

/**
 * A command line that compares root's password with its standard input: 0 the
 * same, 1 another, anything else can't tell. Perl's crypt is the C library's, so
 * it knows whatever method the guest's own passwd has used.
 */
export const comparison = (shadow = '/etc/shadow') => `perl -e '
local $/;
my $password = <STDIN>;
open my $file, "<", "${shadow}" or exit 2;
my ($hash) = <$file> =~ /^root:([^:]*)/m or exit 2;
exit 1 if $hash eq "" or $hash =~ /^[!*]/;
my $own = crypt $password, $hash;
exit 2 if !defined $own or $own =~ /^[*]/;
exit($own eq $hash ? 0 : 1);
'`;

export interface RootPasswordOptions {
  password: string;
  /** Give root the password where it has another, rather than fail. */
  mend: boolean;
  signal?: AbortSignal | undefined;
}

/**
 * Sees to it that an image's root has the password it should have. A guest that
 * can't tell (no Perl, no /etc/shadow) passes. Throws OZ_ROOT_PASSWORD.
 */
export async function checkRootPassword(
  session: Session,
  { password, mend, signal }: RootPasswordOptions,
): Promise<'same' | 'mended' | 'unknown'> {
  const { code } = await session.run(comparison(), { input: password, signal, okCodes: 'any' });
  if (code !== 1) return code === 0 ? 'same' : 'unknown';
  if (mend) {
    await session.run('chpasswd', { input: `root:${password}\n`, signal });
    return 'mended';
  }
  throw new OzError(
    'OZ_ROOT_PASSWORD',
    'Cannot use the installed system: root has another password in it than in the TDL',
    { hint: 'see in the evidence what the installer made of the answer file' },
  );
}
