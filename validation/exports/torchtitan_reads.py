"""Lets torchtitan's own ConfigManager parse job configurations."""

import importlib.util
import sys
import types

# The configuration names number formats of torch and its command-line library the type of a device; nothing else.
torch = types.ModuleType("torch")
for name in ("float16", "float32", "bfloat16", "dtype", "device"):
    setattr(torch, name, type(name, (), {}))
sys.modules.setdefault("torch", torch)
# The package's first lines import its models, which need the whole of torch; its configuration does not.
package = types.ModuleType("torchtitan")
package.__path__ = list(importlib.util.find_spec("torchtitan").submodule_search_locations)
sys.modules["torchtitan"] = package

from torchtitan.config.manager import ConfigManager  # noqa: E402

failed = False
for path in sys.argv[1:]:
    try:
        config = ConfigManager().parse_args([f"--job.config_file={path}"])
        p = config.parallelism
        print(
            f"torchtitan reads {path.split('/')[-2]}: {config.model.name} {config.model.flavor}, "
            f"tp {p.tensor_parallel_degree} pp {p.pipeline_parallel_degree} ep {p.expert_parallel_degree} "
            f"batch {config.training.global_batch_size}"
        )
    except (Exception, SystemExit) as error:
        failed = True
        print(f"FAILED {path}: {error}")
sys.exit(failed)
