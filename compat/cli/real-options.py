#!/usr/bin/python3
"""Runs the real Oz commands with their `oz` package replaced by a recorder.

Reads a JSON list of [command, [arguments…]] on standard input and writes, for
each, what the command made of its arguments. Nothing is built: the recorder
only notes what it is called with.
"""
import builtins
import contextlib
import io
import json
import logging
import os
import re
import runpy
import sys
import tempfile
import types

TEMPLATE_NAME = 'recorded'
seen = {}


class Guest:
    name = TEMPLATE_NAME
    disksize = 1

    def cleanup_old_guest(self):
        seen['cleanup'] = True

    def check_for_guest_conflict(self):
        pass

    def generate_install_media(self, force_download=False, customize_or_icicle=False):
        seen['forceDownload'] = force_download

    def generate_diskimage(self, size=10, force=False):
        pass

    def install(self, timeout=None, force=False):
        seen['timeout'] = timeout
        return '<domain/>'

    def cleanup_install(self):
        pass

    def customize(self, xml):
        seen['customize'] = True

    def customize_and_generate_icicle(self, xml):
        seen['customize'] = True
        return '<icicle/>'

    def generate_icicle(self, xml):
        return '<icicle/>'


def guest_factory(tdl, config, auto, output_disk=None, netdev=None, diskbus=None, macaddress=None):
    seen.update(auto=auto, disk=output_disk, networkDevice=netdev, diskBus=diskbus,
                macAddress=macaddress)
    return Guest()


def parse_config(config_file):
    seen['config'] = config_file
    return {}


def recorder():
    package = types.ModuleType('oz')
    package.TDL = types.ModuleType('oz.TDL')
    package.TDL.TDL = lambda text: seen.setdefault('tdl', text.strip())
    package.GuestFactory = types.ModuleType('oz.GuestFactory')
    package.GuestFactory.guest_factory = guest_factory
    package.GuestFactory.distrolist = lambda: None
    package.ozutil = types.ModuleType('oz.ozutil')
    package.ozutil.parse_config = parse_config
    package.ozutil.config_get_path = lambda config, section, key, default: os.path.abspath('data')
    package.ozutil.default_data_dir = lambda: 'data'
    for module in (package, package.TDL, package.GuestFactory, package.ozutil):
        sys.modules[module.__name__] = module


def ask(_question=''):
    seen['asked'] = True
    return 'y'


def observe(command, arguments):
    """What one command line leads to: exit code and what was recorded."""
    seen.clear()
    logging.getLogger().handlers.clear()
    logging.getLogger().setLevel(logging.WARNING)
    before = set(os.listdir('.'))
    sys.argv = [command] + arguments
    out = io.StringIO()
    outcome, code = 'ran', 0
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(io.StringIO()):
        try:
            runpy.run_path('/usr/bin/' + command, run_name='__main__')
        except SystemExit as end:
            code = end.code or 0
            outcome = 'refused' if code else 'ran'
        except BaseException as error:  # a Python traceback for the user
            outcome, code = 'crashed', 1
            seen.clear()
            seen['exception'] = type(error).__name__
    written = {}
    for name in set(os.listdir('.')) - before:
        default = re.fullmatch(TEMPLATE_NAME + r'[A-Z][a-z]{2}_\d\d_\d{4}-\d\d:\d\d:\d\d', name)
        with open(name) as file:
            kind = 'icicle' if 'icicle' in file.read() else 'xmlfile'
        written[kind] = '(default)' if default else name
        os.unlink(name)
    text = out.getvalue()
    if outcome == 'ran' and text.startswith('\nERROR'):
        outcome = 'failed'
    if '<icicle/>' in text:
        written['icicle'] = '(stdout)'
    levels = {logging.ERROR: 'error', logging.WARNING: 'warning', logging.INFO: 'info',
              logging.DEBUG: 'debug'}
    handlers = logging.getLogger().handlers
    prefixed = bool(handlers) and 'levelname' in handlers[0].formatter._fmt
    if handlers:
        seen['log'] = levels[logging.getLogger().level] + (' with source' if prefixed else '')
    return {'outcome': outcome, 'exit': code, **seen, **written}


def main():
    recorder()
    builtins.input = ask
    with tempfile.TemporaryDirectory() as directory:
        os.chdir(directory)
        for name in ('x.tdl', 'x.xml', '-x.tdl', 'u'):
            with open(name, 'w') as file:
                file.write(name)
        results = [observe(command, arguments) for command, arguments in json.load(sys.stdin)]
        os.chdir('/')
    json.dump(results, sys.stdout)


main()
