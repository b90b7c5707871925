//! Records of producers that the host names.

use std::sync::{Arc, PoisonError};

use crate::delivery::{Delivery, VendedRecord, check_name};
use crate::error::{Error, ErrorKind};
use crate::json::{self, ValueKind};
use crate::masker::{LineState, Masker, Scratch};
use crate::store::{Content, Entry, StagedRecords};

use super::{Engine, not_found, route};

impl Engine {
    /// Takes records of a producer's source, to be delivered wherever its deliveries say: all of
    /// them are kept for that, or none. They are masked under the account's data protection policy
    /// before they are kept: each record as a JSON object, so that names of fields are keywords for
    /// their values, and its raw text.
    ///
    /// # Errors
    ///
    /// Validation; ResourceNotFound for the source; InvalidOperation for one of a log group, whose
    /// events are its records; ServiceUnavailable.
    // Choice: AWS does not mask vended logs on their way; what is masked in log groups would leave
    // in the clear.
    pub fn put_vended_records(
        &self,
        delivery_source_name: &str,
        records: &[VendedRecord],
    ) -> Result<(), Error> {
        check_name("deliverySourceName", delivery_source_name)?;
        let deliveries: Vec<Delivery> = {
            let objects = self.deliveries.objects();
            let source = objects.sources.get(delivery_source_name);
            let source = source.ok_or_else(|| not_found("delivery source"))?;
            if source.service == "logs" {
                let message = "the records of a log group are its events";
                return Err(Error::new(ErrorKind::InvalidOperation, message));
            }
            let of_it = |it: &&Delivery| it.delivery_source_name == delivery_source_name;
            objects.deliveries.values().filter(of_it).cloned().collect()
        };
        if deliveries.is_empty() || records.is_empty() {
            return Ok(());
        }
        let masker = self.account_masker()?;
        let mut scratch = Scratch::default();
        let masked: Vec<_> =
            records.iter().map(|record| mask(&masker, record, &mut scratch).to_bytes()).collect();
        let staged = deliveries.iter().filter_map(|delivery| {
            let entry = Entry {
                route: Arc::new(route(delivery)?),
                born_ms: self.clock.now_ms(),
                log_group: None,
                log_stream: None,
                content: Content::Findings(masked.clone()),
                judged: Vec::new(),
            };
            Some(StagedRecords { entry })
        });
        self.store.stage_records(staged.collect())
    }

    /// A masker under the account's policy that is in force now.
    fn account_masker(&self) -> Result<Arc<Masker>, Error> {
        let policy = self.control().data_protection.as_ref().map(|it| it.policy.clone());
        let document = policy.as_ref().map_or("", |policy| policy.document()).to_owned();
        let mut kept = self.deliveries.masker.lock().unwrap_or_else(PoisonError::into_inner);
        match &*kept {
            Some((known, masker)) if *known == document => Ok(Arc::clone(masker)),
            _ => {
                let masker = Arc::new(Masker::new(&Vec::from_iter(policy))?);
                *kept = Some((document, Arc::clone(&masker)));
                Ok(masker)
            }
        }
    }
}

/// A record with its values masked. Names of fields are the producer's, not data.
fn mask(masker: &Masker, record: &VendedRecord, scratch: &mut Scratch) -> VendedRecord {
    let member = |(name, value): &(String, String)| {
        let text = |text: &str| serde_json::to_string(text).expect("text is JSON");
        format!("{}:{}", text(name), text(value))
    };
    let members: Vec<_> = record.fields.iter().map(member).collect();
    let document = format!("{{{}}}", members.join(","));
    let masked = masker.mask_json(&mut LineState::default(), &document, scratch);
    let masked = masked.map(|masked| masked.as_str().to_owned());
    let values = masked.and_then(|masked| values(&masked)).unwrap_or_default();
    let mut values = values.into_iter();
    let fields = record.fields.iter().map(|(name, value)| {
        // What cannot be read back is hidden whole.
        let hidden = || "*".repeat(value.chars().count());
        (name.clone(), values.next().unwrap_or_else(hidden))
    });
    let fields = fields.collect();
    VendedRecord { fields, raw: masker.mask(&record.raw, scratch).as_str().to_owned() }
}

/// The texts of an object's members, in order.
fn values(document: &str) -> Option<Vec<String>> {
    let ValueKind::Object(members) = json::tree(document).ok()?.kind else { return None };
    let text = |member: json::Member| match member.value.kind {
        ValueKind::String(text) => Some(text),
        _ => None,
    };
    members.into_iter().map(text).collect()
}
