/** Files and commands in Windows, whose OpenSSH server hands them to cmd.exe. */
import { randomBytes } from 'node:crypto';
import path from 'node:path';
import type { TdlContent } from '../tdl/types.ts';
import { bytesOf, type FetchContent, type Operations } from './operations.ts';
import type { CommandStep } from './types.ts';

/** A TDL may write C:\dir\file or /dir/file. */
function windowsPath(name: string): string {
  const slashed = name.replaceAll('\\', '/');
  const full = /^[a-z]:\//i.test(slashed) ? slashed : `C:/${slashed.replace(/^\/+/, '')}`;
  return path.win32.normalize(full);
}

/** What the SFTP server calls it. */
const sftpPath = (name: string) => `/${name.replaceAll('\\', '/')}`;

export async function placeWindowsFile(
  { name, content }: { name: string; content: TdlContent },
  fetchContent: FetchContent,
): Promise<Operations> {
  const title = `file ${name}`;
  const target = windowsPath(name);
  const directory = path.win32.dirname(target);
  const bytes = await bytesOf(content, fetchContent);
  return {
    main: [
      {
        kind: 'command',
        title,
        command: `cmd /d /c if not exist "${directory}" mkdir "${directory}"`,
      },
      { kind: 'write', title, path: sftpPath(target), content: bytes },
    ],
  };
}

/** PowerShell where the text begins with `#!powershell`, else a batch file. */
export async function runWindowsCommand(
  step: CommandStep,
  fetchContent: FetchContent,
): Promise<Operations> {
  const title = `${step.stage === 'pre' ? 'precommand' : 'command'} ${step.name}`;
  const text = (await bytesOf(step.content, fetchContent)).toString('utf8');
  const powershell = /^#!\s*powershell\b/i.test(text);
  const file = `C:\\Windows\\Temp\\${randomBytes(12).toString('hex')}.${powershell ? 'ps1' : 'cmd'}`;
  const body = powershell ? text.replace(/^[^\n]*\n?/, '') : `@echo off\n${text}`;
  const content = Buffer.from(body.replace(/\r?\n/g, '\r\n'));
  const command = powershell
    ? `powershell -NoProfile -NonInteractive -ExecutionPolicy Bypass -File ${file}`
    : `cmd /d /c ${file}`;
  return {
    main: [
      { kind: 'write', title, path: sftpPath(file), content, passing: true },
      { kind: 'command', title, command },
    ],
    after: [{ kind: 'command', title, command: `cmd /d /c del /q ${file}` }],
  };
}

/** Takes the build's key away and shuts down; both as one PowerShell program. */
export function sealWindows(keyBlob: string): string {
  const program = `
$ErrorActionPreference = 'Stop'
foreach ($file in "$env:ProgramData\\ssh\\administrators_authorized_keys", "$env:USERPROFILE\\.ssh\\authorized_keys") {
  if ('${keyBlob}' -ne '' -and (Test-Path $file)) {
    $rest = @(Get-Content $file | Where-Object { -not $_.Contains('${keyBlob}') })
    if ($rest.Count -gt 0) { Set-Content -Path $file -Value $rest } else { Remove-Item $file }
  }
}
Remove-Item -Force "$env:ProgramData\\ssh\\ssh_host_*_key*" -ErrorAction SilentlyContinue
shutdown /s /t 5 /f
if ($LASTEXITCODE -ne 0) { exit $LASTEXITCODE }
Write-Output 'sealed, going down'
`;
  const encoded = Buffer.from(program, 'utf16le').toString('base64');
  return `powershell -NoProfile -NonInteractive -EncodedCommand ${encoded}`;
}
