"""What the agent cannot start from: the message, where it goes, and exit code 1."""

import socket

from harness import LOG_LINE, SystemTest, free_port, main, only_vedette, settings
from harness.once import run


class Refusals(SystemTest):
    def setUp(self):
        self.config = self.directory / "sentinel.conf"
        self.port = free_port()

    def refuse(self, text=None, arguments=None, as_nobody=False):
        if text is not None:
            self.config.write_text(text)
        if arguments is None:
            arguments = [self.config]
        ended = run([settings.VEDETTE, *arguments], self.directory, as_nobody)
        self.assertEqual(ended.code, 1, ended)
        return ended

    def assert_logged(self, ended, *texts):
        """These are the last lines on stdout, in the log's frame, and stderr is empty."""
        self.assertEqual(ended.stderr, "")
        lines = ended.stdout.splitlines()
        for line in lines:
            self.assertRegex(line, LOG_LINE)
        self.assertEqual([LOG_LINE.match(line)["text"] for line in lines[-len(texts):]],
                         list(texts))

    def assert_fatal(self, ended, number, line, message):
        """The five lines on stderr that operators know."""
        self.assertEqual(ended.stderr.splitlines(), [
            "", "*** FATAL CONFIG FILE ERROR (Redis 7.0.15) ***",
            f"Reading the configuration file, at line {number}", f">>> '{line}'", message])

    # ---- the file as a whole ---------------------------------------------------------------------
    def test_no_file(self):
        self.assert_logged(self.refuse(arguments=[]),
                           "Sentinel needs config file on disk to save state. Exiting...")

    def test_missing(self):
        self.assert_logged(self.refuse(), f"Fatal error, can't open config file '{self.config}': "
                                          "No such file or directory")

    def test_unreadable(self):
        self.config.write_text(f"port {self.port}\n")
        self.config.chmod(0)
        self.assert_logged(self.refuse(as_nobody=True),
                           f"Fatal error, can't open config file '{self.config}': "
                           "Permission denied")

    def test_unwritable(self):
        self.config.write_text(f"port {self.port}\n")
        self.config.chmod(0o444)
        self.assert_logged(self.refuse(as_nobody=True),
                           f"Sentinel config file {self.config} is not writable: "
                           "Permission denied. Exiting...")

    def test_nothing_is_written(self):
        """A file that was refused is left as it was."""
        text = "port 0\nsentinel monitor m 127.0.0.1 1 1\nsentinel nonsense\n"
        self.refuse(text)
        self.assertEqual(self.config.read_text(), text)
        self.assertEqual([path.name for path in self.directory.iterdir()], ["sentinel.conf"])

    # ---- lines in it -----------------------------------------------------------------------------
    def test_malformed_lines(self):
        monitor = "sentinel monitor m 127.0.0.1 6379 2"
        wrong = "Unrecognized sentinel configuration statement."
        for line, message in [
            ("foo bar", "Bad directive or wrong number of arguments"),
            ("port", "wrong number of arguments"),
            ("port 70000", "argument must be between 0 and 65535 inclusive"),
            ("port x", "argument couldn't be parsed into an integer"),
            ("loglevel loud", "argument(s) must be one of the following: debug, verbose, notice, "
                              "warning"),
            ("daemonize maybe", "argument must be 'yes' or 'no'"),
            ('logfile "x', "Unbalanced quotes in configuration line"),
            ('logfile "x"y', "Unbalanced quotes in configuration line"),
            ("sentinel nonsense m 1", wrong),
            ("sentinel monitor m2 127.0.0.1 6379 2 # no comment here", wrong),
            ("sentinel monitor m2 127.0.0.1 6379", wrong),
            ("sentinel monitor m2 127.0.0.1 6379 0", "Quorum must be 1 or greater."),
            ("sentinel monitor m2 127.0.0.1 65536 1", "Invalid port number."),
            ("sentinel monitor m2 db.invalid 6379 1", "Can't resolve instance hostname."),
            ("sentinel monitor m 127.0.0.1 6380 2", "Duplicate master name."),
            ("sentinel down-after-milliseconds m 0", "negative or zero time parameter."),
            ("sentinel failover-timeout m -1", "negative or zero time parameter."),
            ("sentinel down-after-milliseconds x 1", "No such master with specified name."),
            ("sentinel notification-script m /nowhere",
             "Notification script seems non existing or non executable."),
            ("sentinel client-reconfig-script m /nowhere",
             "Client reconfiguration script seems non existing or non executable."),
            ("sentinel myid short", "Malformed Sentinel id in myid option."),
            ("sentinel deny-scripts-reconfig maybe",
             "Please specify yes or no for the deny-scripts-reconfig options."),
        ]:
            with self.subTest(line=line):
                ended = self.refuse(f"port {self.port}\n# comment\n{monitor}\n{line}\n")
                self.assert_fatal(ended, 4, line, message)

    def test_command_line_counts_as_lines(self):
        """File, then options: one text. The reference for 9 lines is line 11."""
        ended = self.refuse("#\n" * 9, [self.config, "--foo", "bar"])
        self.assert_fatal(ended, 11, 'foo "bar"', "Bad directive or wrong number of arguments")

    def test_log_that_cannot_be_opened(self):
        ended = self.refuse(f"port {self.port}\nlogfile /nonexistent/sentinel.log\n")
        self.assertIn("Can't open the log file: No such file or directory", ended.stderr)

    # ---- the port --------------------------------------------------------------------------------
    def test_port_taken(self):
        with socket.create_server(("127.0.0.1", self.port)):
            ended = self.refuse(f"port {self.port}\nbind 127.0.0.1\n")
        self.assert_logged(
            ended,
            f"Warning: Could not create server TCP listening socket 127.0.0.1:{self.port}: "
            "bind: Address already in use",
            f"Failed listening on port {self.port} (TCP), aborting.")

    def test_nowhere_to_listen(self):
        self.assert_logged(self.refuse("port 0\n"), "Configured to not listen anywhere, exiting.")

    @only_vedette
    def test_no_tls_yet(self):
        for line in ("tls-port 7000", "tls-replication yes"):
            ended = self.refuse(f"port {self.port}\n{line}\n")
            self.assertIn(f"Failed to configure TLS: {line.split()[0]} is ", ended.stdout)

    @only_vedette
    def test_configured_http_port_taken(self):
        http = free_port()
        with socket.create_server(("127.0.0.1", http)):
            ended = self.refuse(f"port {self.port}\nbind 127.0.0.1\n"
                                f"vedette http-bind 127.0.0.1\nvedette http-port {http}\n")
        self.assertEqual(ended.stderr, "")
        self.assertIn(str(http), ended.stdout)
        self.assertIn("Address already in use", ended.stdout)


if __name__ == "__main__":
    main()
