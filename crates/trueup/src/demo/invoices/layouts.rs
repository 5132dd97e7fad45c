//! How invoices look once they are text: layouts with slots in capitals for what is annotated, in small letters for what
//! is not, and the values that go into them.

/// A language with its layouts.
pub const LAYOUTS: [(&str, &[&str]); 5] = [
    (
        "en",
        &[
            "[Invoice|INVOICE] {INVOICE_NUMBER}\n{VENDOR}, {city}\nDate: {DATE}\nDue[ date|]: {DUE_DATE}\n{n} x {item}\n[Total|Amount due]: {AMOUNT}",
            "{VENDOR} | {city} | Invoice [no.|number|#] {INVOICE_NUMBER} | Issued {DATE} | [Pay|Please pay] {AMOUNT} by {DUE_DATE}",
            "Dear {buyer},\nplease find attached invoice {INVOICE_NUMBER} for {n} {item}s. The [sum|total] of {AMOUNT} is due [on|by] {DUE_DATE}.\n[Kind regards|Best wishes]\n{VENDOR}",
            "[Bill to|Sold to]: {buyer}, {city}\nFrom: {VENDOR}\nRef. {INVOICE_NUMBER} of {DATE}\nSubtotal {money}\nVAT {percent}\nTotal {AMOUNT}\nPayment [due|until] {DUE_DATE}",
            "REMINDER: invoice {INVOICE_NUMBER} dated {DATE} over {AMOUNT} [is overdue|was due on {DUE_DATE}]. {VENDOR}, accounts [receivable|department].",
            "{VENDOR} thanks {buyer} for the order {po}. We [charge|invoice] {AMOUNT} for {n} {item}s under no. {INVOICE_NUMBER}.",
            "Your {item} from {VENDOR} has shipped. Invoice {INVOICE_NUMBER}, {AMOUNT}, [payable|to be paid] within {days} days, that is by {DUE_DATE}.",
            "Order {po} / Invoice {INVOICE_NUMBER}\nInvoice date {DATE}\nSupplier {VENDOR}\n{item} {n} pcs {money} each\nGrand total {AMOUNT}",
            "We [received|booked] the invoice of {VENDOR} from {DATE} ([no.|number] {INVOICE_NUMBER}). {AMOUNT} will be [paid|transferred] on {DUE_DATE} unless {buyer} objects.",
            "Statement for {buyer}: {DATE} {VENDOR} {INVOICE_NUMBER} {AMOUNT}; open since then. [Settle|Clear] it before {DUE_DATE}.",
            "Credit terms: {days} days. {VENDOR} delivered {n} {item}s to {city} on {DATE}; the bill comes to {AMOUNT}, less {percent} if paid by {DUE_DATE}.",
        ],
    ),
    (
        "de",
        &[
            "Rechnung [Nr.|Nummer] {INVOICE_NUMBER}\n{VENDOR}, {city}\nRechnungsdatum: {DATE}\n{n} Stück {item}\nGesamtbetrag: {AMOUNT}\nzahlbar bis {DUE_DATE}",
            "Sehr geehrte Damen und Herren, für die Lieferung an {buyer} berechnen wir {AMOUNT}. Bitte überweisen Sie bis zum {DUE_DATE}. [Beleg|Rechnung] {INVOICE_NUMBER} vom {DATE}. {VENDOR}",
            "{VENDOR} · Beleg {INVOICE_NUMBER} · {DATE} · netto {money} · brutto {AMOUNT} · fällig {DUE_DATE}",
        ],
    ),
    (
        "fr",
        &[
            "Facture n° {INVOICE_NUMBER} du {DATE}\n{VENDOR}, {city}\nClient : {buyer}\nMontant [à payer|TTC] : {AMOUNT}\nÉchéance : {DUE_DATE}",
            "{VENDOR} vous adresse la facture {INVOICE_NUMBER} d'un montant de {AMOUNT}, à régler avant le {DUE_DATE}. Merci de votre confiance, {buyer}.",
        ],
    ),
    (
        "es",
        &[
            "Factura {INVOICE_NUMBER}\nProveedor: {VENDOR} ({city})\nFecha: {DATE}\nVencimiento: {DUE_DATE}\nPedido {po}\nImporte total: {AMOUNT}",
            "Estimado cliente {buyer}: le recordamos el pago de {AMOUNT} de la factura {INVOICE_NUMBER}, que vence el {DUE_DATE}. {VENDOR}",
        ],
    ),
    (
        "pl",
        &[
            "Faktura {INVOICE_NUMBER} z dnia {DATE}\nSprzedawca: {VENDOR}, {city}\nNabywca: {buyer}\nDo zapłaty: {AMOUNT}\nTermin płatności: {DUE_DATE}",
        ],
    ),
];

/// The line with the account, on the few invoices that have one.
pub const ACCOUNT: [&str; 3] = ["\nIBAN: {IBAN}", "\nTransfer to {IBAN}", "\nAccount {IBAN}, ref. {po}"];

/// Companies that send invoices; all invented.
pub const VENDORS: [&str; 40] = [
    "Alderbrook Supplies",
    "Bexley & Thorne Ltd",
    "Cobalt Harbour Inc.",
    "Dunmore Print Works",
    "Elmfield Office Co.",
    "Fernhollow Tools",
    "Grünbach Papier GmbH",
    "Hollowell Freight LLC",
    "Isarwinkel Möbel KG",
    "Jonquil Catering",
    "Kestrel Point Media",
    "Łabędź Druk Sp. z o.o.",
    "Marrowby Textiles",
    "Nordlys Ærø ApS",
    "Ostrøy Fisk AS",
    "Café Éclipse SARL",
    "Quillstone Legal LLP",
    "Rêve d'Azur SA",
    "Señal Norte S.L.",
    "Tamarisk Cloud Hosting",
    "Umberfield Dairy",
    "Vaxholm Båtar AB",
    "Wrenfold Cleaning",
    "Xylander Optik GmbH",
    "Yarrowdale Farms",
    "Żuraw Logistyka",
    "Arbolito Verde S.A.",
    "Birch & Bramble",
    "Crème du Lac",
    "Dovecote Learning",
    "🌻 Halmstrand Garden",
    "Frostgate Cooling",
    "Gullwing Travel",
    "Höllental Brauerei",
    "Ironquay Metals Ltd",
    "Juniper Row Design",
    "Kornblum & Töchter",
    "Larkspur Energy",
    "Moorgate Stationery",
    "Peñasco Vinos",
];

/// Companies that get invoices; none of them sends any.
pub const BUYERS: [&str; 14] = [
    "Ashdown Primary School",
    "Brightwater Clinic",
    "Castellan Hotels",
    "Drumlin Bakery",
    "Eastmere Council",
    "Fairlight Studios",
    "Gansbach Verein",
    "Hearthside Homes",
    "Inkwell Books",
    "Jasperton Motors",
    "Kiruna Konsult",
    "Lindenhof Stiftung",
    "Maison Perrault",
    "Novara Bikes",
];

/// Towns; all invented.
pub const CITIES: [&str; 12] = [
    "Altenmoor",
    "Brackwater",
    "Coldharbour",
    "Dornfeld",
    "Estremar",
    "Fjellvik",
    "Grandpré",
    "Hawksmere",
    "Jezierzany",
    "Kingsholt",
    "Lomza Mała",
    "Montclair-sur-Orb",
];

/// What is sold.
pub const ITEMS: [&str; 16] = [
    "toner cartridge",
    "oak desk",
    "paper box",
    "steel bracket",
    "router",
    "catering tray",
    "seat cover",
    "lamp",
    "wine crate",
    "cleaning kit",
    "cable drum",
    "boat cover",
    "garden bench",
    "filter pump",
    "poster",
    "server rack",
];

/// Months as dates write them.
pub const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
