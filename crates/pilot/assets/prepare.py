"""Writes a small set of written dates: prepare.py FOLDER LANGUAGE COUNT SEED. Runs inside an interactive allocation."""
import json
import os
import sys

import dates


def main():
    folder, language, count, seed = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    os.makedirs(folder, exist_ok=True)
    path = os.path.join(folder, "data.jsonl")
    with open(path + ".part", "w") as file:
        for pair in dates.pairs(language, count, seed):
            file.write(json.dumps(pair, ensure_ascii=False) + "\n")
    os.replace(path + ".part", path)
    print(f"{count} {language} dates on {os.environ.get('SLURMD_NODENAME', 'this host')}, job {os.environ.get('SLURM_JOB_ID', '-')}")


if __name__ == "__main__":
    main()
