"""An emulator in a process of its own, for the tests of the official clients; their scripts put it on the path."""

import json
import os
import shlex
import signal
import subprocess

ACCESS_ID = "interop-id"
ACCESS_KEY = "interop-key"


class EmulatorProcess:
    """An emulator that serves one service on a free port; `HUBSTREAM_EMULATOR` is the command that starts it."""

    def __init__(self, service: str, *arguments: str) -> None:
        command = shlex.split(os.environ["HUBSTREAM_EMULATOR"])
        command += [f"--{service}", "127.0.0.1:0", "--access-id", ACCESS_ID, "--access-key", ACCESS_KEY, *arguments]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        ready = self.process.stdout.readline()
        assert ready, f"the emulator did not start: {shlex.join(command)}"
        self.url = json.loads(ready)[service]

    def kill(self) -> None:
        """Ends the process as a crash would."""
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()

    def stop(self) -> None:
        """Asks the process to end and checks that it does so cleanly."""
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(timeout=30)
        self.process.stdout.close()
        assert code == 0, f"the emulator ended with {code}"
