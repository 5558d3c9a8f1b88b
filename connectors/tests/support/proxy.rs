//! A network on loopback that can be disturbed: what clients send goes through it to a server.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicU8, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, Weak};
use std::thread;
use std::time::Duration;

use millstream::engine::clock::Random;

/// What becomes of bytes.
#[derive(Clone, Copy, PartialEq)]
#[repr(u8)]
enum Mode {
    Flows,
    /// Answers stay where they are; requests do not.
    HoldsAnswers,
    /// Nothing gets through, and nobody is told.
    HoldsAll,
    /// Nobody gets a connection.
    Refuses,
}

impl Mode {
    const ALL: [Self; 4] = [Self::Flows, Self::HoldsAnswers, Self::HoldsAll, Self::Refuses];
}

/// Passes connections on to a server, until it is told not to.
pub struct Proxy {
    port: u16,
    network: Arc<Network>,
    /// In which ways it has not been disturbed yet: in each before in one again.
    ways: Mutex<Vec<Way>>,
}

/// How the network is disturbed.
#[derive(Clone, Copy)]
enum Way {
    /// The connections end, and new ones can be made.
    Ends,
    /// For a while, no new ones can be made, either.
    Refuses,
    /// Requests are carried out, and nobody gets to know of it.
    LosesAnswers,
    /// What was held for a while comes late, and nothing is lost.
    Delays,
}

struct Network {
    target: u16,
    mode: AtomicU8,
    connections: Mutex<Vec<Weak<Connection>>>,
    ended: AtomicU32,
}

struct Connection {
    client: TcpStream,
    server: TcpStream,
}

impl Connection {
    /// Whoever reads or writes gets to know.
    fn end(&self) {
        // The other side may have been faster.
        let _ = self.client.shutdown(Shutdown::Both);
        let _ = self.server.shutdown(Shutdown::Both);
    }
}

impl Proxy {
    /// Listens on a port of its own for what is to go to the port `target`.
    pub fn start(target: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let network = Arc::new(Network {
            target,
            mode: AtomicU8::new(Mode::Flows as u8),
            connections: Mutex::default(),
            ended: AtomicU32::new(0),
        });
        let accepting = network.clone();
        thread::spawn(move || listener.incoming().flatten().for_each(|client| accepting.accept(client)));
        Self { port, network, ways: Mutex::default() }
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    /// How many connections were ended in the middle of whatever they did.
    pub fn ended(&self) -> u32 {
        self.network.ended.load(Ordering::Relaxed)
    }

    /// Disturbs the network so many times, at random moments and in random ways, and lets it flow at last.
    pub fn disturb(&self, times: u32, random: &mut Random) {
        for _ in 0..times {
            thread::sleep(Duration::from_millis(200 + random.below(1_000) as u64));
            let a_while = Duration::from_millis(random.below(1_500) as u64);
            match self.next_way(random) {
                Way::Ends => {}
                Way::Refuses => self.network.set(Mode::Refuses, a_while),
                Way::LosesAnswers => self.network.set(Mode::HoldsAnswers, a_while),
                Way::Delays => {
                    self.network.set(Mode::HoldsAll, a_while);
                    self.network.set(Mode::Flows, Duration::ZERO);
                    continue;
                }
            }
            self.network.end_all();
            self.network.set(Mode::Flows, Duration::ZERO);
        }
    }

    fn next_way(&self, random: &mut Random) -> Way {
        let mut ways = self.ways.lock().unwrap();
        if ways.is_empty() {
            ways.extend([Way::Ends, Way::Refuses, Way::LosesAnswers, Way::Delays]);
        }
        let next = random.below(ways.len());
        ways.swap_remove(next)
    }
}

impl Network {
    fn set(&self, mode: Mode, duration: Duration) {
        self.mode.store(mode as u8, Ordering::SeqCst);
        if mode == Mode::Refuses {
            self.end_all();
        }
        thread::sleep(duration);
    }

    fn mode(&self) -> Mode {
        Mode::ALL[usize::from(self.mode.load(Ordering::SeqCst))]
    }

    fn end_all(&self) {
        for connection in self.connections.lock().unwrap().drain(..).filter_map(|weak| weak.upgrade()) {
            connection.end();
            self.ended.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn accept(self: &Arc<Self>, client: TcpStream) {
        // What cannot be passed on ends here.
        if self.mode() == Mode::Refuses {
            return;
        }
        let Ok(server) = TcpStream::connect(("127.0.0.1", self.target)) else { return };
        for stream in [&client, &server] {
            stream.set_nodelay(true).unwrap();
        }
        let connection = Arc::new(Connection { client, server });
        let mut connections = self.connections.lock().unwrap();
        connections.retain(|weak| weak.strong_count() > 0);
        connections.push(Arc::downgrade(&connection));
        drop(connections);
        for is_answer in [false, true] {
            let (network, connection) = (self.clone(), connection.clone());
            thread::spawn(move || {
                let passed = network.pass(&connection, is_answer);
                if passed.is_err() {
                    connection.end();
                }
            });
        }
    }

    /// Passes bytes on in one direction, to their end.
    fn pass(&self, connection: &Connection, is_answer: bool) -> std::io::Result<()> {
        let (mut from, mut to) = (&connection.client, &connection.server);
        if is_answer {
            (from, to) = (to, from);
        }
        let mut bytes = vec![0; 64 * 1024];
        loop {
            let length = from.read(&mut bytes)?;
            loop {
                match self.mode() {
                    Mode::HoldsAll => thread::sleep(Duration::from_millis(1)),
                    Mode::HoldsAnswers if is_answer => thread::sleep(Duration::from_millis(1)),
                    _ => break,
                }
            }
            if length == 0 {
                return to.shutdown(Shutdown::Write);
            }
            to.write_all(&bytes[..length])?;
        }
    }
}
