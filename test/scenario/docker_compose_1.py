# What docker-compose 1.29 makes of Compose files: one JSON object a line, {"name", "yaml"} or {"name", "error"}.
# Standard input: a JSON list of {"name", "files", "folder", "environment"}.
import json
import sys

from compose.config import config
from compose.config.environment import Environment
from compose.config.serialize import serialize_config

for sample in json.load(sys.stdin):
    result = {"name": sample["name"]}
    try:
        environment = Environment.from_env_file(sample["folder"])
        environment.update(sample["environment"])
        details = config.find(sample["folder"], sample["files"], environment)
        result["yaml"] = serialize_config(config.load(details))
    except BaseException as error:  # its own errors have many roots
        result["error"] = "{}: {}".format(type(error).__name__, error)
    print(json.dumps(result))
