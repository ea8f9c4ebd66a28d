"""Tells of each [distro, version] what Oz makes of it, by install type and architecture.

The answer is null for a system that Oz does not take, else {"refused": [[type, arch], ...],
"customised": {type: bool}}. Oz's own classes decide; replaced is what looks at the host.
"""
import configparser
import json
import logging
import sys

import oz.Guest
import oz.GuestFactory
import oz.Linux
import oz.OzException
import oz.TDL

TYPES = ("url", "iso")
ARCHES = ("i386", "x86_64", "ppc64", "ppc64le", "aarch64", "armv7l", "s390x")

TEMPLATE = """<template><name>x</name><os><name>{}</name><version>{}</version><arch>{}</arch>
<install type='{}'><{}>http://example.org/x</{}></install>
<rootpw>x</rootpw><key>AAAAA-BBBBB-CCCCC-DDDDD-EEEEE</key></os></template>"""

made = []


def init(self, tdl, config, auto, disk, nic, clock, mouse, bus, iso_allowed, url_allowed, mac):
    made.append(self)
    self.tdl = tdl
    self.log = logging.getLogger()
    iso = iso_allowed and tdl.arch not in ("ppc64", "ppc64le")
    oz.Guest.Guest._check_url(self, iso=iso, url=url_allowed)


oz.Guest.Guest.__init__ = init
oz.Guest.Guest.__getattr__ = lambda _self, _name: "x"


def customises(guest, kind):
    """Whether its class installs packages; an ISO of an old Ubuntu is refused with -u."""
    own = getattr(type(guest), "_install_packages", None)
    if own in (None, oz.Linux.LinuxCDGuest._install_packages):
        return False
    return kind == "url" or getattr(guest.config, "can_customize", True)


def verdict(distro, version):
    refused, customised = [], {}
    for kind in TYPES:
        for arch in ARCHES:
            del made[:]
            text = TEMPLATE.format(distro, version, arch, kind, kind, kind)
            try:
                oz.GuestFactory.guest_factory(oz.TDL.TDL(text), configparser.ConfigParser(), None)
            except (oz.OzException.OzException, KeyError):
                if not made:
                    return None
                refused.append([kind, arch])
            if made:
                customised[kind] = customises(made[0], kind)
    return {"refused": refused, "customised": customised}


print(json.dumps([verdict(d, v) for d, v in json.load(sys.stdin)]))
