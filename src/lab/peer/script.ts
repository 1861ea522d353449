/**
 * The peer's program, for perl with what Debian's perl-base has. It reads one call a line, words between blanks, and
 * answers each with a line: `ok` and its words, or `error` and the name of errno. Data is hexadecimal. A call that has to
 * wait waits, and the calls behind it do too.
 */
export const peerScript = `
use strict; use warnings;
use Errno; use Fcntl qw(F_GETFL F_SETFL O_NONBLOCK);
use Socket qw(:DEFAULT IPPROTO_TCP inet_pton inet_ntop pack_sockaddr_in6 unpack_sockaddr_in6);
$| = 1;
$SIG{PIPE} = "IGNORE";
my %numbers = (MSG_OOB => MSG_OOB, MSG_FASTOPEN => 0x20000000, SHUT_RD => 0, SHUT_WR => 1, SHUT_RDWR => 2);
my %options = (
  SO_REUSEADDR => [SOL_SOCKET, SO_REUSEADDR], SO_OOBINLINE => [SOL_SOCKET, SO_OOBINLINE],
  TCP_NODELAY => [IPPROTO_TCP, 1], TCP_DEFER_ACCEPT => [IPPROTO_TCP, 9], TCP_QUICKACK => [IPPROTO_TCP, 12],
  TCP_FASTOPEN => [IPPROTO_TCP, 23], TCP_FASTOPEN_CONNECT => [IPPROTO_TCP, 30], TCP_FASTOPEN_NO_COOKIE => [IPPROTO_TCP, 34],
  TCP_REPAIR => [IPPROTO_TCP, 19], TCP_REPAIR_QUEUE => [IPPROTO_TCP, 20], TCP_QUEUE_SEQ => [IPPROTO_TCP, 21],
);
my %held;
sub failed { die [(sort grep { $!{$_} } keys %!)[0] // "E" . ($! + 0)] }
sub try { $_[0] or failed() }
sub place {
  my ($address, $port) = @_;
  my $six = $address =~ /:/;
  my $packed = inet_pton($six ? AF_INET6 : AF_INET, $address) // die ["EINVAL"];
  return $six ? pack_sockaddr_in6($port, $packed) : pack_sockaddr_in($port, $packed);
}
sub wait_for {
  my ($how, $name) = @_;
  my @bits = ("", "", "");
  vec($bits[$how], fileno($held{$name}), 1) = 1;
  1 until select($bits[0], $bits[1], $bits[2], undef) > 0;
}
sub unblock { my $flags = fcntl($_[0], F_GETFL, 0); try(fcntl($_[0], F_SETFL, $flags | O_NONBLOCK)); }
sub block { my $flags = fcntl($_[0], F_GETFL, 0); try(fcntl($_[0], F_SETFL, $flags & ~O_NONBLOCK)); }
my %calls = (
  socket => sub {
    my ($name, $address) = @_;
    try(socket($held{$name}, $address =~ /:/ ? AF_INET6 : AF_INET, SOCK_STREAM, 0));
    unblock($held{$name});
  },
  option => sub { my ($name, $option, $value) = @_; try(setsockopt($held{$name}, $options{$option}[0], $options{$option}[1], pack("i", $value))); },
  bind => sub { my ($name, @where) = @_; try(bind($held{$name}, place(@where))); },
  listen => sub { my ($name, $backlog) = @_; try(listen($held{$name}, $backlog)); },
  accept => sub {
    my ($name, $as) = @_;
    wait_for(0, $name);
    my $from = accept($held{$as}, $held{$name}) || failed();
    unblock($held{$as});
    my ($port, $address) = length $from > 16 ? unpack_sockaddr_in6($from) : unpack_sockaddr_in($from);
    return (inet_ntop(length $address > 4 ? AF_INET6 : AF_INET, $address), $port);
  },
  connect => sub { my ($name, @where) = @_; connect($held{$name}, place(@where)) or $!{EINPROGRESS} or failed(); return; },
  connected => sub {
    my ($name) = @_;
    wait_for(1, $name);
    $! = unpack("i", getsockopt($held{$name}, SOL_SOCKET, SO_ERROR));
    failed() if $!;
    return;
  },
  fastopen => sub {
    my ($name, $address, $port, $hex) = @_;
    my $sent = send($held{$name}, pack("H*", $hex), $numbers{MSG_FASTOPEN}, place($address, $port));
    failed() unless defined $sent or $!{EINPROGRESS};
    return $sent // 0;
  },
  opensend => sub {
    my ($name, $address, $port, $hex) = @_;
    block($held{$name});
    my $sent = send($held{$name}, pack("H*", $hex), $numbers{MSG_FASTOPEN}, place($address, $port));
    failed() unless defined $sent;
    unblock($held{$name});
    return $sent;
  },
  send => sub {
    my ($name, $flags, $hex, $times) = @_;
    my $data = pack("H*", $hex) x $times;
    while (length $data) {
      my $sent = send($held{$name}, $data, $numbers{$flags} // 0);
      if (defined $sent) { substr($data, 0, $sent) = "" }
      elsif ($!{EAGAIN}) { wait_for(1, $name) }
      else { failed() }
    }
  },
  recv => sub {
    my ($name, $flags, $most) = @_;
    wait_for($flags eq "MSG_OOB" ? 2 : 0, $name);
    my $data = "";
    failed() unless defined recv($held{$name}, $data, $most, $numbers{$flags} // 0);
    return unpack("H*", $data);
  },
  atmark => sub { my ($name) = @_; my $at = pack("i", 0); try(ioctl($held{$name}, 0x8905, $at)); return unpack("i", $at); },
  shutdown => sub { my ($name, $how) = @_; try(shutdown($held{$name}, $numbers{$how})); },
  close => sub { my ($name) = @_; try(close(delete $held{$name})); },
  reset => sub {
    my ($name) = @_;
    try(setsockopt($held{$name}, SOL_SOCKET, SO_LINGER, pack("ii", 1, 0)));
    try(close(delete $held{$name}));
  },
);
my %silent = map { $_ => 1 } qw(socket option bind listen send shutdown close reset);
print "ready\\n";
while (my $line = <STDIN>) {
  chomp $line;
  my ($verb, @words) = split / /, $line;
  my @answer = eval { $calls{$verb}->(@words) };
  print ref $@ ? "error $@->[0]\\n" : $@ ? "fault $@" : join(" ", "ok", $silent{$verb} ? () : @answer) . "\\n";
}
`;
