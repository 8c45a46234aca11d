"""Notification and reconfiguration scripts: who is called, when, and with what."""

import collections

from harness import LOG_LINE, SystemTest, main, wait_for

# Announced without a master: no script is told.
GLOBAL = {"+tilt", "-tilt", "-script-error", "-script-timeout"}

SCRIPT = """#!/bin/sh
line=$MARK
for word in "$@"; do line="$line|$word"; done
echo "$line" >> {output}
"""


class Scripts(SystemTest):
    def add_script(self, agent, name):
        path = agent.directory / f"{name}.sh"
        path.write_text(SCRIPT.format(output=agent.directory / f"{name}.calls"))
        path.chmod(0o755)
        return path

    def calls(self, agent, name):
        path = agent.directory / f"{name}.calls"
        return path.read_text().splitlines() if path.exists() else []

    def warnings(self, agent):
        """What the log tells about the master as a warning, as the script should be told."""
        lines = [LOG_LINE.match(line) for line in agent.log_text().splitlines()]
        words = [line["text"].split(" ", 1) for line in lines if line and line["level"] == "#"]
        return ["mark|" + "|".join(each) for each in words
                if len(each) == 2 and each[0][0] in "+-" and each[0] not in GLOBAL]

    def test_a_failover(self):
        system = self.unstarted_cluster()
        system.start_nodes()
        for agent in system.agents:
            scripts = [f"sentinel {name} mymaster {self.add_script(agent, name)}"
                       for name in ("notification-script", "client-reconfig-script")]
            agent.configure([*system.monitor_lines(), *scripts]).start(env={"MARK": "mark"})
        system.wait_settled()
        old = system.nodes["mymaster"][0]
        old.process.kill()
        new = system.wait_switched(old)
        leader, = [agent for agent in system.agents if agent.logged("+elected-leader")]
        wait_for(lambda: leader.logged("+failover-end"), "+failover-end")

        for agent in system.agents:
            role = "leader" if agent is leader else "observer"
            wait_for(lambda a=agent: self.calls(a, "client-reconfig-script"), "the call")
            self.assertEqual(self.calls(agent, "client-reconfig-script"), [
                f"mark|mymaster|{role}|start|{old.host}|{old.port}|{new.host}|{new.port}"])
        for agent in system.agents:
            # They run side by side: every one of them, in any order.
            wait_for(lambda a=agent: self.counted(a) == collections.Counter(self.warnings(a)),
                     f"a call for each warning of {agent}")
            told = {call.split("|")[1] for call in self.calls(agent, "notification-script")}
            self.assertLessEqual({"+monitor", "+sdown", "+switch-master"}, told)
            self.assertEqual(told & {"+slave", "+sentinel", "+tilt"}, set())

    def counted(self, agent):
        calls = self.calls(agent, "notification-script")
        return collections.Counter(call for call in calls if call.split("|")[1] not in GLOBAL)


if __name__ == "__main__":
    main()
