"""Kill after kill with down-after-milliseconds 1000: each time exactly one +switch-master on every
agent, all with the same address. VEDETTE_KILLS says how many kills."""

import os

from harness import SystemTest, main

KILLS = int(os.environ.get("VEDETTE_KILLS") or 3)


class Kills(SystemTest):
    def test_each_kill_is_one_switch(self):
        system = self.cluster(options={"down-after-milliseconds": 1000})
        old = system.nodes["mymaster"][0]
        wanted = []
        for round_number in range(1, KILLS + 1):
            with self.subTest(kill=round_number):
                old.process.kill()
                new = system.wait_switched(old)
                wanted.append(f"mymaster {old.host} {old.port} {new.host} {new.port}")
                old.start()
                system.wait_following(old, new)
                system.wait_settled()
                self.assertEqual(system.switches(), [wanted] * len(system.agents))
                old = new


if __name__ == "__main__":
    main()
