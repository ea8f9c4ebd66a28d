/** The package managers of rpm systems that read /etc/yum.repos.d, and zypper. */
import type { Repository } from '../types.ts';
import type { Action, PackageManager } from './manager.ts';

const environment = { LC_ALL: 'C' };

/** The same keys as Oz writes. */
function repoFile({ name, url, signed, sslverify }: Repository, id: string): Action {
  const content = [
    `[${id}]`,
    `name=${name.replace(/\p{Cc}/gu, ' ')}`,
    `baseurl=${url.trim()}`,
    'skip_if_unavailable=1',
    'enabled=1',
    `sslverify=${Number(sslverify)}`,
    `gpgcheck=${Number(signed)}`,
    '',
  ].join('\n');
  return { path: `/etc/yum.repos.d/${id}.repo`, content };
}

function removeRepoFile(_: Repository, id: string): Action[] {
  return [{ script: { text: 'rm -f "/etc/yum.repos.d/$1.repo"', args: [id] } }];
}

export const dnf: PackageManager = {
  environment,
  install: ['dnf', '-y', 'install'],
  endOfOptions: ['--'],
  fileExtension: '.rpm',
  addRepository: (repository, id) => [repoFile(repository, id)],
  removeRepository: removeRepoFile,
  takeFrom: (id) => ({ words: [`--enablerepo=${id}`, `--setopt=${id}.priority=1`] }),
};

export const yum: PackageManager = {
  ...dnf,
  install: ['yum', '-y', 'install'],
  takeFrom: (id) => ({ words: [`--enablerepo=${id}`] }),
};

function zypperUrl({ url, sslverify }: Repository): string {
  if (sslverify || !/^https:/i.test(url)) return url.trim();
  return `${url.trim()}${url.includes('?') ? '&' : '?'}ssl_verify=no`;
}

export const zypper: PackageManager = {
  environment,
  install: ['zypper', '--non-interactive', 'install', '--auto-agree-with-licenses'],
  endOfOptions: ['--'],
  fileExtension: '.rpm',
  addRepository: (repository, id) => [
    {
      script: {
        text: 'zypper --non-interactive addrepo "$1" --refresh -- "$2" "$3"',
        args: [repository.signed ? '--gpgcheck' : '--no-gpgcheck', zypperUrl(repository), id],
      },
    },
  ],
  removeRepository: (_, id) => [
    { script: { text: 'zypper --non-interactive removerepo -- "$1"', args: [id] } },
  ],
  takeFrom: (id) => ({ words: ['--from', id] }),
};
