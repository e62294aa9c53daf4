import subprocess
import sys


def test_the_package_loads_nothing_outside_the_standard_library():
    code = (
        "import sys; before = set(sys.modules); import nemflow.results, nemflow.results.locks;"
        "import nemflow.results.parquet;"
        "names = {name.split('.')[0] for name in set(sys.modules) - before};"
        "print(sorted(names - sys.stdlib_module_names - {'nemflow'}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
