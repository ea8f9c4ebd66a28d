"""Gives the guests that Oz starts the processor that ours have; read by Python before Oz.

Oz leaves the processor to libvirt, which takes qemu64. QEMU 7.2's emulation of
cmpxchg16b corrupts flags, and a recent kernel dies of it. Oz itself stays as it is.
"""

import libvirt

_create = libvirt.virConnect.createXML
_CPU = "<cpu mode='maximum'><feature policy='disable' name='cx16'/></cpu>"


def _with_cpu(self, xml, flags=0):
    if "<cpu" not in xml and "type=\"qemu\"" in xml.split(">", 1)[0]:
        xml = xml.replace("<devices>", _CPU + "<devices>", 1)
    return _create(self, xml, flags)


libvirt.virConnect.createXML = _with_cpu
