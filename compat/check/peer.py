"""Tells for each [distro, version, type, arch] whether Oz's factory takes it."""
import configparser
import json
import sys

import oz.Guest
import oz.GuestFactory
import oz.TDL


class Taken(Exception):
    pass


def stop(*_args, **_kwargs):
    raise Taken()


oz.Guest.Guest.__init__ = stop

TEMPLATE = """<template><name>x</name><os><name>{}</name><version>{}</version><arch>{}</arch>
<install type='{}'><{}>http://example.org/x</{}></install>
<rootpw>x</rootpw><key>AAAAA-BBBBB-CCCCC-DDDDD-EEEEE</key></os></template>"""


def takes(distro, version, kind, arch):
    tdl = oz.TDL.TDL(TEMPLATE.format(distro, version, arch, kind, kind, kind))
    try:
        oz.GuestFactory.guest_factory(tdl, configparser.ConfigParser(), None)
    except Taken:
        return True
    except Exception:
        return False
    return False


print(json.dumps([any(takes(d, v, k, "i386") or takes(d, v, k, "x86_64") for k in ("url", "iso"))
                  for d, v in json.load(sys.stdin)]))
