"""Lets the real Oz put an extra file into an ISO, by its own methods: no guest, no download.

Arguments: the ISO, a directory to work in, the extra file, and how the files get out of the
ISO: "guestfs", which is Oz's own way, or "xorriso", which reads them without a guest, for
machines where libguestfs has only an emulated processor (that is kind to Oz). The result is the file that Oz
would start the installer from; its path is printed. Oz's own copy of the original (its
download cache) is replaced by a link, so that only what the rewriting needs is measured.
"""
import configparser
import os
import subprocess
import sys

import oz.Guest
import oz.GuestFactory
import oz.TDL
import oz.ozutil

TEMPLATE = """<template><name>remaster</name><os><name>Debian</name><version>7</version>
<arch>x86_64</arch><install type='iso'><iso>file://{iso}</iso><extras>
<file source='file://{extra}' destination='extra'/></extras></install><rootpw>x</rootpw></os></template>"""


class NoLibvirt:
    def listNetworks(self):
        raise RuntimeError("the configuration names the bridge")


def unpack(guest):
    os.makedirs(guest.iso_contents)
    subprocess.check_call(["xorriso", "-osirrox", "on", "-indev", guest.orig_iso,
                           "-extract", "/", guest.iso_contents],
                          stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    oz.ozutil.recursively_add_write_bit(guest.iso_contents)


def main(iso, work, extra, way):
    config = configparser.ConfigParser()
    config["paths"] = {"data_dir": work, "output_dir": work, "screenshot_dir": work,
                       "sshprivkey": os.path.join(work, "key")}
    config["libvirt"] = {"uri": "test:///default", "type": "qemu", "bridge_name": "br0"}
    oz.Guest.libvirt.open = lambda uri: NoLibvirt()
    tdl = oz.TDL.TDL(TEMPLATE.format(iso=iso, extra=extra))
    guest = oz.GuestFactory.guest_factory(tdl, config, None)
    os.makedirs(os.path.dirname(guest.orig_iso), exist_ok=True)
    os.symlink(iso, guest.orig_iso)
    # what generate_install_media() does between the download and the answer file
    guest._check_pvd()
    if way == "guestfs":
        guest._copy_iso()
    else:
        unpack(guest)
    try:
        guest._add_iso_extras()
        guest._generate_new_iso()
    finally:
        guest._cleanup_iso()
    print(guest.output_iso)


main(*sys.argv[1:])
