"""Feeds TDLs to the real Oz: a JSON list of {dir, text} in, verdicts and values out."""
import base64
import json
import os
import sys

import oz.ozutil
import oz.TDL


def no_download(url, fd, show_progress, logger):
    """Stands in for the network: what requests can fetch is what it would have fetched."""
    if not url.startswith(("http://", "https://")):
        raise ValueError("requests fetches no such URL: %s" % url)
    os.write(fd, ("DOWNLOAD " + url).encode("utf-8"))


oz.ozutil.http_download_file = no_download


def content(handle):
    handle.seek(0)
    return base64.b64encode(handle.read()).decode("ascii")


def values(tdl, unit):
    iso = tdl.installtype == "iso"
    sums = {"md5": tdl.iso_md5_url, "sha1": tdl.iso_sha1_url, "sha256": tdl.iso_sha256_url}
    return {
        "name": tdl.name,
        "distro": tdl.distro,
        "version": tdl.update,
        "arch": tdl.arch,
        "key": tdl.key,
        "description": tdl.description,
        "install": tdl.installtype,
        "url": tdl.iso if iso else tdl.url,
        "checksum": {k: v for k, v in sums.items() if v is not None},
        "extras": [[e.element_type, e.source, e.destination] for e in tdl.isoextras],
        "rootpw": tdl.rootpw,
        "packages": [[p.name, p.repo, p.filename, p.args] for p in tdl.packages],
        "files": [[name, content(f)] for name, f in tdl.files.items()],
        "repositories": [[r.name, r.url, r.signed, r.persisted, r.sslverify]
                         for r in tdl.repositories.values()],
        "commands": [content(c) for c in tdl.commands],
        "precommands": [content(c) for c in tdl.precommands],
        "disksize": None if tdl.disksize is None else str(int(tdl.disksize) * unit),
        "icicle": tdl.icicle_extra_cmd,
        "kernelparam": tdl.kernel_param,
    }


def unit_of_sizes():
    """Bytes in Oz's unit of disk sizes: Oz 0.17 keeps GiB, later ones bytes."""
    probe = oz.TDL.TDL(
        "<template><name>p</name><os><name>F</name><version>1</version><arch>i386</arch>"
        "<install type='url'><url>http://h/</url></install></os>"
        "<disk><size>1</size></disk></template>")
    return 2 ** 30 // int(probe.disksize)


def verdict(case, unit):
    os.chdir(case["dir"])
    try:
        # As oz-install opens it: as text, in the locale's encoding.
        with open("test.tdl", "r") as tdl_file:
            tdl = oz.TDL.TDL(tdl_file.read(), case.get("rootpw", False))
        for packages in case.get("mergePackages", []):
            tdl.merge_packages(packages)
        for repositories in case.get("mergeRepositories", []):
            tdl.merge_repositories(repositories)
        return {"ok": True, "values": values(tdl, unit)}
    except Exception as exc:
        return {"ok": False, "error": "%s: %s" % (type(exc).__name__, exc)}


UNIT = unit_of_sizes()
json.dump({"knowsUnits": UNIT == 1, "verdicts": [verdict(c, UNIT) for c in json.load(sys.stdin)]},
          sys.stdout)
