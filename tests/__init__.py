import os

os.environ["ENV_FILE"] = ""  # the tests must not read the settings in a developer's .env
