"""Lets the real Oz prepare and run installs without a guest, and tells what it would have started.

Standard input: {"root", "config", "mac", "systems": [[distro, version]], "arches", "types", "urls"}.
Oz's own code makes the guest object, the install media and the domain's XML. Replaced are only
the ends that touch the world: libvirt, downloads, libguestfs, external tools. For each combination
that Oz accepts there is one JSON object; the answer is their list.
"""
import configparser
import json
import os
import shutil
import sys

import lxml.etree

import oz.Guest
import oz.GuestFactory
import oz.RedHat
import oz.TDL
import oz.ozutil

TEMPLATE = """<template><name>{name}</name><os><name>{distro}</name><version>{version}</version>
<arch>{arch}</arch><install type='{type}'><{type}>{url}</{type}></install><rootpw>x</rootpw>
<key>AAAAA-BBBBB-CCCCC-DDDDD-EEEEE</key><kernelparam>ozma.probe=1</kernelparam></os></template>"""

# What Oz expects to find on the media of one system or another.
DIRECTORIES = ("Boot", "etc", "i386", "amd64", "i586/isolinux", "{0}/isolinux")
FILES = ("isolinux/vmlinuz", "isolinux/isolinux.cfg", "boot/{0}/loader/isolinux.cfg")

seen = {}


class NoLibvirt:
    def getCapabilities(self):
        raise RuntimeError("the configuration names the type")

    def listNetworks(self):
        raise RuntimeError("the configuration names the bridge")


def touch(path):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "ab") as out:
        out.write(b"x")


def kernel_arguments(text):
    for line in text.splitlines():
        words = line.split()
        if words and words[0].lower() == "append":
            seen["arguments"] = " ".join(w for w in words[1:] if not w.startswith("initrd="))


def download(_self, url, fd, _outdir, _force):
    seen["fetched"].append([url, os.readlink("/proc/self/fd/%d" % fd)])
    os.write(fd, b"x")


def unpack_iso(self):
    for directory in DIRECTORIES:
        os.makedirs(os.path.join(self.iso_contents, directory.format(self.tdl.arch)), exist_ok=True)
    for name in FILES:
        touch(os.path.join(self.iso_contents, name.format(self.tdl.arch)))


def run_tool(command, **_options):
    """Reads the boot loader's configuration where a tool would have packed it."""
    for word in command:
        if isinstance(word, str) and word.lower().endswith("syslinux.cfg") and os.path.isfile(word):
            with open(word) as file:
                kernel_arguments(file.read())
    if command[0] == "genisoimage":
        for directory, _names, files in os.walk(command[-1]):
            for name in files:
                if name.endswith(".cfg"):
                    with open(os.path.join(directory, name)) as file:
                        kernel_arguments(file.read())
        touch(command[command.index("-o") + 1])
    return "", "", 0


def start_guest(_self, xml, timeout):
    seen["runs"].append(xml)
    seen["timeout"] = timeout


def copy_image(_source, target, **_options):
    seen["jeos"] = target


def offline(*_args, **_options):
    raise OSError("no network here")


def answer_of_server(url, redirect=True):
    """A plain server: no redirects, and no list of what its tree holds."""
    if redirect:
        offline(url)
    return {"HTTP-Code": 200, "Redirect-URL": None}


def made_initrd(self, _kickstart):
    touch(self.initrdfname)


def nothing(*_args, **_options):
    return None


oz.Guest.libvirt.open = lambda _uri: NoLibvirt()
oz.Guest.libvirt.registerErrorHandler = nothing
oz.Guest.Guest._get_original_media = download
oz.Guest.Guest._wait_for_install_finish = start_guest
oz.Guest.CDGuest._copy_iso = unpack_iso
oz.Guest.CDGuest._geteltorito = nothing
oz.RedHat.RedHatLinuxCDGuest._create_ext2_initrd = made_initrd
oz.ozutil.subprocess_check_output = run_tool
oz.ozutil.http_get_header = answer_of_server
oz.ozutil.http_download_file = offline
oz.ozutil.copyfile_sparse = copy_image
oz.ozutil.rmtree_and_sync = lambda path: shutil.rmtree(path, ignore_errors=True)
oz.ozutil.find_uefi_firmware = lambda _arch: ("/firmware/CODE.fd", "/firmware/VARS.fd")
oz.ozutil.get_free_port = lambda: 40000


def without_check(module_name):
    """Oz looks whether the ISO is the DVD; there is none."""
    module = sys.modules.get(module_name)
    for thing in vars(module).values() if module else ():
        if isinstance(thing, type) and issubclass(thing, oz.Guest.CDGuest):
            thing._check_pvd = nothing


def install(guest):
    seen.clear()
    seen.update(fetched=[], runs=[], timeout=None, arguments=None, jeos=None)
    guest.generate_install_media(force_download=False, customize_or_icicle=False)
    finished = guest.install()
    first = lxml.etree.fromstring(seen["runs"][0])
    cmdline = first.findtext("os/cmdline")
    names = ("orig_iso", "output_iso", "orig_floppy", "output_floppy", "kernelcache",
             "initrdcache", "kernelfname", "initrdfname", "diskimage")
    return dict(
        seen,
        arguments=cmdline if cmdline is not None else seen["arguments"],
        direct=cmdline is not None,
        finished=finished,
        size=guest.disksize,
        paths={name: getattr(guest, name) for name in names if hasattr(guest, name)},
    )


def template(job, distro, version, kind):
    return oz.TDL.TDL(TEMPLATE.format(name=job["name"], distro=distro, version=version,
                                      arch="i386", type=kind, url=job["urls"][kind]))


def observe(job, config, tdl):
    """None: refused."""
    auto = os.path.join(job["root"], "answers")
    touch(auto)
    try:
        guest = oz.GuestFactory.guest_factory(tdl, config, auto, macaddress=job["mac"])
        for module in list(sys.modules):
            if module.startswith("oz."):
                without_check(module)
    except oz.OzException.OzException:
        return None
    except Exception as error:
        # a crash says nothing about what is supported
        return {"crash": "%s: %s" % (type(error).__name__, error)}
    try:
        return install(guest)
    except Exception as error:
        return {"crash": "%s: %s" % (type(error).__name__, error)}
    finally:
        shutil.rmtree(job["root"], ignore_errors=True)


def observe_system(job, config, distro, version):
    """All architectures, unless the usual two are refused already."""
    answers = []
    templates = {kind: template(job, distro, version, kind) for kind in job["types"]}
    for arch in job["arches"]:
        for kind in job["types"]:
            tdl = templates[kind]
            tdl.arch = arch
            found = observe(job, config, tdl)
            if found:
                answers.append(dict(found, distro=distro, version=version, arch=arch, type=kind))
        if arch == "x86_64" and not answers:
            break
    return answers


def main():
    job = json.load(sys.stdin)
    config = configparser.ConfigParser()
    config.read_string(job["config"])
    answers = []
    for distro, version in job["systems"]:
        answers += observe_system(job, config, distro, version)
    shutil.rmtree(job["root"], ignore_errors=True)
    json.dump(answers, sys.stdout)


main()
