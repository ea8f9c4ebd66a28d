/**
 * What installers print on a serial console when they come to another part of their work. From
 * what they printed in real installations, and from the messages in their sources.
 */
import type { ConsoleStep } from '../types.ts';

const step = (title: string, pattern: string): ConsoleStep => ({ title, pattern });

/** cdebconf's text frontend: `Installing the base system  ... 0%... 17%`, all in one line. */
export const debianSteps: readonly ConsoleStep[] = [
  step('detecting hardware', '^Detecting (?:hardware|disks|CD|installation media)'),
  step(
    'network',
    '^(?:Detecting network|Detecting link|Configuring the network|Attempting IPv6|Waiting for link-local)',
  ),
  step('checking the mirror', '^Checking the \\S+ archive mirror'),
  step('scanning the medium', '^Scanning (?:the )?(?:CD|installation media)'),
  step('installer components', '^(?:Loading additional components|Downloading installer)'),
  step('setting the clock', '^(?:Setting up the clock|Setting the clock)'),
  step('partitioning', '^(?:Starting up the partitioner|Guided partitioning|Computing the new)'),
  step('formatting', '^(?:Partitions formatting|Formatting)'),
  step('base system', '^(?:Installing the base system|Installing base system)'),
  step('configuring apt', '^Configuring apt'),
  step('packages', '^(?:Select and install software|Selecting and installing software)'),
  step(
    'boot loader',
    '^(?:Installing (?:the )?\\S+ boot ?loader|Installing LILO|Running "?update-grub)',
  ),
  step('finishing', '^(?:Finishing the installation|Cleaning up)'),
  // the kernel printed something in between
  step('', '^\\.\\.\\. \\d+%'),
];

/** Anaconda's text mode since Fedora 18; `Installing bash.x86_64 (12/347)`. */
export const anacondaSteps: readonly ConsoleStep[] = [
  step('starting the installer', '^Starting installer, one moment'),
  step('preparing', '^(?:Setting up the installation environment|Running pre-installation)'),
  step('partitioning', '^(?:Configuring storage|Creating \\S+ on )'),
  step('downloading packages', '^(?:Downloading packages|Downloading \\d+ RPMs)'),
  step(
    'packages',
    '^(?:Starting package installation|Preparing transaction|Installing \\S+ \\(\\d+/\\d+\\))',
  ),
  step(
    'configuring packages',
    '^(?:Configuring \\S+\\.(?:x86_64|noarch|aarch64|i686|ppc64le|s390x)|Verifying \\S+ \\(\\d+/\\d+\\))',
  ),
  step(
    'configuring the system',
    '^(?:Performing post-installation setup|Configuring installed system|Writing network configuration)',
  ),
  step('boot loader', '^Installing boot ?loader'),
  step('initramfs', '^Generating initramfs'),
  step('finishing', '^(?:Running post-installation|Storing configuration files)'),
];

/** Subiquity and curtin tell each event as `start: subiquity/…` or `start: cmd-install/stage-…`. */
export const subiquitySteps: readonly ConsoleStep[] = [
  step('network', 'start: subiquity/(?:Network|Mirror|Proxy)/'),
  step(
    'partitioning',
    'start: (?:cmd-install/stage-partitioning|subiquity/\\S+: executing curtin install partitioning)',
  ),
  step(
    'base system',
    'start: (?:cmd-install/stage-extract|subiquity/\\S+: executing curtin install extract)',
  ),
  step(
    'kernel and boot loader',
    'start: (?:cmd-install/stage-curthooks|subiquity/\\S+: executing curtin install curthooks)',
  ),
  step('packages', 'start: subiquity/Install/install/postinstall/install_'),
  step('security updates', 'start: subiquity/Install/install/postinstall/run_unattended_upgrades'),
  step('configuring the system', 'start: subiquity/Install/install/postinstall/configure_'),
  step('late commands', 'start: subiquity/Late/'),
  step('finishing', 'start: subiquity/Shutdown/'),
  step(
    'preparing',
    'start: subiquity/(?:Install/install/configure_apt|Install/install/curtin_install)',
  ),
];

/** YaST's titles in its text mode, which draws a screen. */
export const yastSteps: readonly ConsoleStep[] = [
  step('hardware detection', 'Hardware detection|Probing hardware|Detecting Available Controllers'),
  step(
    'repositories',
    'Initializing the Package Manager|Reading package information|Downloading files',
  ),
  step('partitioning', 'Preparing disks|Formatting partition|Creating partition|Creating volume'),
  step('packages', 'Installing Packages|Package Installation|Installing packages'),
  step('boot loader', 'Install boot manager|Installing boot loader|Saving boot loader'),
  step(
    'finishing',
    'Copy files to installed system|Saving? (?:configuration|installation settings)|Prepare system for initial boot|Finishing Basic Installation',
  ),
];

/** Agama draws nothing on the serial console: what dracut and systemd say before it. */
export const agamaSteps: readonly ConsoleStep[] = [
  step(
    'loading the live system',
    'Reached target .*[Ii]nitrd|Mounted .*/run/initramfs/live|dracut-initqueue',
  ),
  step('starting the installer', 'Start(?:ed|ing) .*Agama'),
];

/** apk and setup-disk: `(12/25) Installing openssl (3.1)`. */
export const alpineSteps: readonly ConsoleStep[] = [
  step('network', '^ ?\\* (?:Starting|Restarting|Stopping) networking'),
  step('packages', '^\\(\\d+/\\d+\\) Installing '),
  step('partitioning', '^(?:Creating file systems|Initializing partitions)'),
  step('base system', '^Installing system on '),
  step('initramfs', '^==> initramfs'),
  step('boot loader', '^(?:Installing for \\S+ platform|Generating grub|Found linux image)'),
];

/** pacstrap: `(12/140) installing glibc`. */
export const archSteps: readonly ConsoleStep[] = [
  step('base system', '^==> Creating install root'),
  step('downloading packages', '^:: (?:Synchronizing package databases|Retrieving packages)'),
  step('packages', '^(?::: Processing package changes|\\(\\d+/\\d+\\) installing )'),
  step('configuring packages', '^(?::: Running post-transaction hooks|\\(\\d+/\\d+\\) [A-Z])'),
  step('initramfs', '^==> Building image'),
  step('boot loader', '^(?:Installing for \\S+ platform|Generating grub)'),
];

/** bsdinstall, where nobody is asked. */
export const freebsdSteps: readonly ConsoleStep[] = [
  step('partitioning', '^newfs'),
  step('base system', '\\b(?:base|kernel)\\.txz'),
];
