//! The page in headless Chromium. `.ci/page` installs it and runs this.

use std::process::Command;

use logveil_server::auth::Gate;
use logveil_server::{Server, ServerOptions};
use tempfile::TempDir;

use crate::world::{SECRETS, world};

/// What Chromium makes of the page: the document after it was read.
fn dom(address: &str, profile: &TempDir, also: &[&str]) -> String {
    let output = Command::new("chromium")
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"])
        .args(["--disable-background-networking", "--disable-component-update", "--disable-sync"])
        .arg(format!("--user-data-dir={}", profile.path().display()))
        .args(["--enable-logging=stderr", "--dump-dom"])
        .args(also)
        .arg(address)
        .output()
        .expect("chromium is installed");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{said}");
    // The console tells what the policy of the page forbade, and what was not found.
    assert!(!said.contains("Content Security Policy") && !said.contains("CONSOLE"), "{said}");
    String::from_utf8(output.stdout).expect("UTF-8")
}

#[test]
fn chromium_reads_the_page_as_it_is_meant() {
    let (folder, profile) = (TempDir::new().expect("a folder"), TempDir::new().expect("a folder"));
    let world = world(&folder, 40);
    let gate = Gate::AnyKey(world.home().clone());
    let options = ServerOptions::new("127.0.0.1:0".parse().expect("an address"), gate);
    let server = Server::bind(world, options).expect("an address");
    let address = format!("http://{}/", server.address());
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let running = std::thread::spawn(move || server.run(async { _ = stopped.await }));

    let shot = std::env::var("LOGVEIL_SCREENSHOT").ok();
    let shot = shot.map(|path| format!("--screenshot={path}"));
    let mut also = vec!["--window-size=1200,1500"];
    also.extend(shot.as_deref());
    let dom = dom(&address, &profile, &also);
    stop.send(()).expect("it runs");
    running.join().expect("it ended").expect("it ran");

    assert!(dom.contains("<figcaption>Detections per hour, last seven days (UTC)</figcaption>"));
    assert!(dom.matches("<rect class=\"c0\"").count() > 20, "{dom}");
    assert_eq!(dom.matches("<section>").count(), 1);
    assert_eq!(dom.matches("</tr>").count(), dom.matches("<tr>").count());
    for shown in ["<td>to-shut</td>", "✕ held until", "IpAddress, CreditCardNumber", "/app/web"] {
        assert!(dom.contains(shown), "{shown} is missing");
    }
    for secret in SECRETS {
        assert!(!dom.contains(secret), "{secret} is on the page");
    }
}
