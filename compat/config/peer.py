"""Lets the real Oz read oz.cfg files: a JSON list of {home, root, path} in, values out."""
import json
import os
import sys

import oz.ozutil as u


def values(config):
    def text(section, key, default):
        return u.config_get_key(config, section, key, default)

    def number(section, key, default):
        value = text(section, key, default)
        return None if value is None else int(value)

    def boolean(section, key, default):
        return u.config_get_boolean_key(config, section, key, default)

    def path(section, key, default):
        return u.config_get_path(config, section, key, default)

    return {
        "paths": {
            "output_dir": path("paths", "output_dir", u.default_output_dir()),
            "data_dir": path("paths", "data_dir", u.default_data_dir()),
            "screenshot_dir": path("paths", "screenshot_dir", u.default_screenshot_dir()),
            "sshprivkey": path("paths", "sshprivkey", u.default_sshprivkey()),
        },
        "libvirt": {
            "uri": text("libvirt", "uri", None),
            "type": text("libvirt", "type", None),
            "bridge_name": text("libvirt", "bridge_name", None),
            # Oz copies the text into the domain's XML, where libvirt wants a number.
            "cpus": number("libvirt", "cpus", None),
            "memory": number("libvirt", "memory", None),
            "image_type": text("libvirt", "image_type", "raw"),
            "rng_model": text("libvirt", "rng_model", None),
            "rng_device": text("libvirt", "rng_device", None),
            "rng_rate_bytes": number("libvirt", "rng_rate_bytes", None),
            "rng_rate_period": number("libvirt", "rng_rate_period", None),
        },
        "cache": {
            "original_media": boolean("cache", "original_media", True),
            "modified_media": boolean("cache", "modified_media", False),
            "jeos": boolean("cache", "jeos", False),
        },
        "safe_generation": boolean("icicle", "safe_generation", False),
        "timeouts": {
            "install": number("timeouts", "install", 1200),
            "inactivity": number("timeouts", "inactivity", 300),
            "boot": number("timeouts", "boot", 300),
            "shutdown": number("timeouts", "shutdown", 90),
        },
    }


def verdict(case):
    os.environ["HOME"] = case["home"]
    os.geteuid = lambda: 0 if case["root"] else 1000
    try:
        return {"ok": True, "values": values(u.parse_config(case["path"]))}
    except Exception as exc:
        return {"ok": False, "error": "%s: %s" % (type(exc).__name__, exc)}


json.dump([verdict(case) for case in json.load(sys.stdin)], sys.stdout)
