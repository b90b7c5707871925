//! The page as HTML.

use logveil::{ForwarderKind, ForwardingHealth, LogGroup};

use super::html::Html;
use super::{HomeOverview, LOG_GROUPS_MAX, Overview, PolicyRow, chart, time};

/// The page. Every text in it is escaped; it needs [`super::STYLE`] at [`super::STYLE_PATH`].
pub fn render(overview: &Overview) -> String {
    let mut html = Html::default();
    html.raw(
        "<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>logveil</title>\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <link rel=\"stylesheet\" href=\"/page.css\"></head><body><header><h1>logveil</h1><p>",
    );
    html.text(&time::second(overview.now_ms));
    html.raw(" UTC. Names and numbers only: no value that was found is on this page.</p></header>");
    if overview.homes.is_empty() {
        html.raw("<p>There is nothing here that you may see.</p>");
    }
    for home in &overview.homes {
        section(&mut html, home, overview.now_ms);
    }
    html.raw("</body></html>\n");
    html.finish()
}

fn section(html: &mut Html, home: &HomeOverview, now_ms: i64) {
    html.raw("<section><h2>Account ").text(home.home.account.as_str()).raw(" in ");
    html.text(home.home.region.as_str()).raw("</h2><dl class=\"tiles\">");
    for (name, number) in [
        ("Events stored", home.incoming_log_events),
        ("Events masked", home.masked_log_events),
        ("Events with findings", home.log_events_with_findings),
        ("Deliveries waiting", home.deliveries_waiting),
    ] {
        html.raw("<div><dt>").raw(name).raw("</dt><dd>").number(number).raw("</dd></div>");
    }
    html.raw("</dl><h3>Findings by identifier</h3>");
    chart::draw(html, &home.hours, now_ms);
    policies(html, &home.policies);
    log_groups(html, home);
    forwarding(html, &home.forwarding);
    html.raw("</section>");
}

fn policies(html: &mut Html, policies: &[PolicyRow]) {
    html.raw("<h3>Policies in force</h3>");
    if policies.is_empty() {
        html.raw("<p class=\"quiet\">None: nothing is masked.</p>");
        return;
    }
    html.raw(
        "<div class=\"wide\"><table><thead><tr><th>Of</th><th>Name</th><th>Type</th>\
         <th>Data identifiers</th><th>Since (UTC)</th></tr></thead><tbody>",
    );
    for policy in policies {
        html.raw("<tr><td>");
        match (&policy.log_group, policy.selective) {
            (Some(name), _) => html.text(name),
            (None, true) => html.raw("the account, some log groups"),
            (None, false) => html.raw("the account"),
        };
        html.raw("</td>").cell(policy.name.as_deref().unwrap_or("–")).cell(&policy.policy_type);
        html.cell(&policy.identifiers.join(", "));
        html.cell(&policy.last_updated.map(time::second).unwrap_or_default()).raw("</tr>");
    }
    html.raw("</tbody></table></div>");
}

fn log_groups(html: &mut Html, home: &HomeOverview) {
    html.raw("<h3>Log groups</h3>");
    if home.log_groups.is_empty() {
        html.raw("<p class=\"quiet\">None.</p>");
        return;
    }
    html.raw(
        "<div class=\"wide\"><table><thead><tr><th>Name</th><th>Class</th><th>Retention</th>\
         <th class=\"n\">Stored bytes</th><th>Own data protection</th></tr></thead><tbody>",
    );
    home.log_groups.iter().for_each(|log_group| log_group_row(html, log_group));
    html.raw("</tbody></table></div>");
    if home.more_log_groups {
        html.raw("<p class=\"quiet\">Only the first ").number(LOG_GROUPS_MAX as u64);
        html.raw(" are shown.</p>");
    }
}

fn log_group_row(html: &mut Html, log_group: &LogGroup) {
    html.raw("<tr>").cell(log_group.log_group_name.as_str());
    html.cell(log_group.log_group_class.map_or("STANDARD", |class| class.as_str()));
    let retention = log_group.retention_in_days.map(|days| format!("{days} days"));
    html.cell(retention.as_deref().unwrap_or("for ever"));
    html.count(log_group.stored_bytes.unwrap_or_default());
    html.cell(log_group.data_protection_status.map_or("–", |status| status.as_str()));
    html.raw("</tr>");
}

fn forwarding(html: &mut Html, forwarding: &[ForwardingHealth]) {
    html.raw("<h3>Subscriptions and deliveries</h3>");
    if forwarding.is_empty() {
        html.raw("<p class=\"quiet\">Nothing was delivered, and nothing waits.</p>");
        return;
    }
    html.raw(
        "<div class=\"wide\"><table><thead><tr><th>State</th><th>On behalf of</th><th>Name</th>\
         <th>Log group</th><th>To</th><th class=\"n\">Delivered</th><th class=\"n\">Waiting</th>\
         <th class=\"n\">Errors</th><th class=\"n\">Throttled</th><th class=\"n\">Given up</th>\
         </tr></thead><tbody>",
    );
    for health in forwarding {
        let what = &health.forwarding;
        html.raw("<tr><td class=\"state ");
        match (health.held_until, health.waiting) {
            (Some(until), _) => {
                html.raw("bad\">✕ held until ").text(&time::second(until)).raw(" UTC")
            }
            (None, 1..) => html.raw("warn\">◌ waits"),
            (None, 0) => html.raw("good\">✓ done"),
        };
        html.raw("</td>").cell(behalf(what.kind)).cell(&what.name);
        html.cell(what.log_group_name.as_ref().map_or("–", |name| name.as_str()));
        html.cell(&what.destination_type).count(what.deliveries).count(health.waiting);
        html.count(what.delivery_errors).count(what.delivery_throttling).count(what.dropped);
        html.raw("</tr>");
    }
    html.raw("</tbody></table></div>");
}

fn behalf(kind: ForwarderKind) -> &'static str {
    match kind {
        ForwarderKind::SubscriptionFilter => "subscription filter",
        ForwarderKind::AccountPolicy => "account policy",
        ForwarderKind::Findings => "findings",
        ForwarderKind::Destination => "logical destination",
        ForwarderKind::Delivery => "delivery",
        ForwarderKind::Export => "export task",
    }
}
