//! A server of HTTP/1.1, as small as can be: a thread for each connection.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// What was asked.
#[derive(Clone, Debug, Default)]
pub struct Request {
    pub method: String,
    pub path: String,
    /// Names are in lower case.
    pub headers: BTreeMap<String, String>,
    pub body: Vec<u8>,
}

impl Request {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }

    fn read(reader: &mut BufReader<TcpStream>) -> Option<Self> {
        let mut request = Self::default();
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let mut words = line.split_whitespace();
        request.method = words.next()?.to_owned();
        request.path = words.next()?.to_owned();
        loop {
            let mut line = String::new();
            reader.read_line(&mut line).ok()?;
            let Some((name, value)) = line.split_once(':') else { break };
            request.headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
        }
        let length = request.header("content-length").map_or(0, |length| length.parse().unwrap());
        request.body = vec![0; length];
        reader.read_exact(&mut request.body).ok()?;
        Some(request)
    }
}

/// What is done with a request: the connection is closed if it answers false.
pub type Handler = dyn Fn(&Request, &mut TcpStream) -> bool + Send + Sync;

/// A server, which is gone when this is dropped.
pub struct Server {
    port: u16,
    is_over: Arc<AtomicBool>,
}

impl Server {
    pub fn start(handler: impl Fn(&Request, &mut TcpStream) -> bool + Send + Sync + 'static) -> Self {
        let handler: Arc<Handler> = Arc::new(handler);
        Self::accepting(move |connection| {
            let mut reader = BufReader::new(connection.try_clone().unwrap());
            let mut connection = connection;
            while let Some(request) = Request::read(&mut reader) {
                if !handler(&request, &mut connection) {
                    break;
                }
            }
        })
    }

    /// Hands each connection over, on a thread of its own.
    pub fn accepting(serve: impl Fn(TcpStream) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let (is_over, serve) = (Arc::new(AtomicBool::new(false)), Arc::new(serve));
        let over = is_over.clone();
        std::thread::spawn(move || {
            for connection in listener.incoming() {
                if over.load(Ordering::Relaxed) {
                    break;
                }
                let (serve, connection) = (serve.clone(), connection.unwrap());
                std::thread::spawn(move || serve(connection));
            }
        });
        Self { port, is_over }
    }

    pub fn address(&self) -> SocketAddr {
        ([127, 0, 0, 1], self.port).into()
    }

    pub fn url(&self, scheme: &str) -> String {
        format!("{scheme}://127.0.0.1:{}/path", self.port)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
        // The thread that accepts looks.
        let _ = TcpStream::connect(("127.0.0.1", self.port));
    }
}

/// Answers, with headers that each end in a line break. The client may be gone.
pub fn answer(connection: &mut TcpStream, status: &str, headers: &str, body: &str) -> bool {
    let length = body.len();
    let text = format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\n{headers}\r\n{body}");
    connection.write_all(text.as_bytes()).is_ok()
}

/// An answer in pieces. If it is dropped before its end, it has broken off.
pub struct Pieces<'a>(&'a mut TcpStream);

impl<'a> Pieces<'a> {
    pub fn begin(connection: &'a mut TcpStream, media_type: &str) -> Self {
        let head =
            format!("HTTP/1.1 200 OK\r\nContent-Type: {media_type}\r\nTransfer-Encoding: chunked\r\n\r\n");
        let _ = connection.write_all(head.as_bytes());
        Self(connection)
    }

    /// False if the client is gone.
    pub fn send(&mut self, piece: &str) -> bool {
        let text = format!("{:x}\r\n{piece}\r\n", piece.len());
        piece.is_empty() || self.0.write_all(text.as_bytes()).is_ok()
    }

    pub fn end(self) -> bool {
        self.0.write_all(b"0\r\n\r\n").is_ok()
    }
}
