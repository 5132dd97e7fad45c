//! What people write to a shop's support: sentences by label, and those that any label may hold.

/// Sentences of one label.
pub struct Intent {
    /// The label.
    pub label: &'static str,
    /// How many tickets of it are written before faults are planted.
    pub tickets: usize,
    /// Sentences that say what the ticket is about.
    pub clear: &'static [&'static str],
}

/// The labels with their sentences. Billing and refund share much of their vocabulary on purpose.
pub const INTENTS: [Intent; 8] = [
    Intent {
        label: "billing",
        tickets: 225,
        clear: &[
            "I was [charged|billed] [twice|two times] for {order}.",
            "My [card|bank account] was [charged|debited] {amount}, but the [invoice|receipt] says {amount}.",
            "Why is there [a charge|an extra charge] of {amount} on my [statement|bill|card]?",
            "The [discount|voucher|coupon] code was not [applied|taken off] on my [bill|invoice].",
            "[Could you|Please] send me [the invoice|a VAT invoice|a corrected invoice] for {order}[?|, I need it for my accounts.]",
            "The VAT on the [invoice|bill] for {order} is [wrong|not right|calculated wrongly].",
            "[You took|There is] a payment of {amount} [that I do not recognise on my bill|although I pay by invoice].",
            "I [changed|updated] my [card|payment method] and the old one was [still|again] charged.",
            "My [monthly|yearly] [bill|fee|payment] went up to {amount} and [nobody told me|I do not know why].",
            "The billing address on {order} is [wrong|my old one], can you [correct|change] the invoice?",
            "I [paid|have paid] {amount} by [bank transfer|card] and my account [still|] shows [an open balance|unpaid].",
            "[Which|What] payment methods [do you accept|can I use], and when is my card [charged|debited]?",
        ],
    },
    Intent {
        label: "refund",
        tickets: 195,
        clear: &[
            "I [sent back|returned] the {product} {ago} and [am still waiting for|have not got] my [money|refund].",
            "[Please|Can you] refund [me|] {amount} for {order}.",
            "The {product} [arrived broken|was damaged|does not fit], I want my money back.",
            "[When|How long until] will the refund for {order} [arrive|be on my card]?",
            "You [promised|confirmed] [a refund|my money back] of {amount} {ago}, but [nothing has come|my card shows nothing].",
            "I only got [a partial refund|part of the refund], {amount} [is|are] missing.",
            "[How do I|I want to] [return|send back] the {product} [and get a refund|and get my money back]?",
            "I was charged [twice|too much] for {order} and want the [difference|second payment] refunded.",
            "The refund went to [my old card|a closed account], please [send it again|pay it to the new one].",
            "I do not want [a voucher|store credit], I want [the money|my {amount}] back.",
            "[The return label|Your return address] [does not work|is missing], how [can I|do I] send the {product} back?",
        ],
    },
    Intent {
        label: "delivery",
        tickets: 215,
        clear: &[
            "[Where is my|I am still waiting for my] [parcel|package|order] {order}?",
            "The tracking [page|number] for {order} has not [changed|moved] since {day}.",
            "The courier says [it was delivered|delivered on {day}], but [nothing is here|I never got it|my neighbours have nothing].",
            "My {product} was [left in the rain|delivered to the wrong address|handed to a stranger].",
            "Can I [change|correct] the delivery address for {order}[?| before it ships?]",
            "[Only half of|Not all of] my order [arrived|came], the {product} is missing.",
            "You [said|promised] delivery by {day} and the {product} [is still not here|has not shipped].",
            "[Do you|Can you] ship the {product} to [an island|a parcel shop|another country]?",
            "The driver [did not ring|left no card|drove past] and now the parcel is [going back|at a depot far away].",
            "I need the {product} before {day}, is [express|next-day] shipping possible?",
            "The box was [open|crushed] when the courier [brought|handed over] it.",
        ],
    },
    Intent {
        label: "login",
        tickets: 180,
        clear: &[
            "I cannot [log in|sign in|get into my account] [any more|since {day}|].",
            "The [password reset|reset] [mail|e-mail|link] [never arrives|does not come|has expired].",
            "My account is [locked|blocked] after [too many|three] [attempts|tries].",
            "The [security|verification|two-factor] code [is not accepted|never comes by text message].",
            "I [forgot|lost] my password and [no longer have|cannot reach] the e-mail address [I signed up with|of the account].",
            "It [says|keeps saying] [wrong password|unknown user] although I [just changed it|am sure it is right].",
            "After [I sign in|signing in] I am [thrown out|logged out|sent back to the start page] [at once|again].",
            "I got a new phone and the [authenticator|code app] [is gone|no longer works].",
            "How do I [change my password|change the e-mail of my account|turn on two-factor]?",
            "[Your site|The app] asks me to sign in [on every page|again and again].",
        ],
    },
    Intent {
        label: "cancellation",
        tickets: 145,
        clear: &[
            "[I want to|Please] cancel my [subscription|membership|plan] [by {day}|at the end of the month|].",
            "Please cancel {order}[, I ordered it by mistake|, I found it cheaper elsewhere| before it ships].",
            "[How do I|Where can I] [cancel|end] [my contract|the subscription|the trial]?",
            "I [cancelled|gave notice] {ago}, but the subscription [is still running|was renewed].",
            "There is no [cancel|unsubscribe] button [in my account|anywhere].",
            "[Close|Delete] my account and [end|stop] all [contracts|subscriptions], please.",
            "I am moving [abroad|away] and have to [end|cancel] my [plan|membership].",
            "[Confirm|Please confirm in writing] that my [subscription|contract] ends on {day}.",
            "The notice period of [three months|a year] is [not what I signed|too long], I want to [leave|quit] now.",
        ],
    },
    Intent {
        label: "bug",
        tickets: 150,
        clear: &[
            "The app [crashes|freezes|closes] [when|every time] I open [the basket|my orders|the settings].",
            "[The search|The filter|The basket] [shows|returns] [nothing|the wrong items|an empty page] since [the update|{day}].",
            "I get [error 500|a white page|\"something went wrong\"] when I [upload a photo|press the pay button|save my address].",
            "[Prices|Dates|Pictures] are [shown wrongly|cut off|upside down] on my [tablet|phone|old laptop].",
            "The [basket|list] [empties itself|loses items] [when I reload|after a few minutes].",
            "Push messages [come twice|arrive at night|open the wrong page].",
            "The [dark|compact] mode makes the [text|buttons] [unreadable|disappear].",
            "[Sorting|Scrolling] [by price|in the list] [jumps back to the top|does nothing].",
            "The export [file is empty|has broken characters|stops at row 100].",
            "The [map|calendar] on the [contact|delivery] page [does not load|stays grey].",
        ],
    },
    Intent {
        label: "feature-request",
        tickets: 105,
        clear: &[
            "[It would be great if|I wish] I could [sort|filter] my orders by [year|price|shop].",
            "[Please add|Could you add] [a dark mode|a wish list|an export to a spreadsheet|gift wrapping].",
            "[Any plans for|Are you planning] [an app for my watch|a family account|a widget]?",
            "[My suggestion|An idea]: let us [share a basket|pay in instalments|save several addresses].",
            "[Other shops|Your rivals] [have|offer] [saved searches|price alerts|parcel lockers], why not you?",
            "I would [love|like] to see [larger pictures|reviews with photos|a compare view].",
            "Would it be possible to [get a weekly summary|choose the delivery hour|use the app offline]?",
            "[Support for|A version in] [my language|other currencies|screen readers] would [help a lot|be useful].",
        ],
    },
    Intent {
        label: "fraud",
        tickets: 14,
        clear: &[
            "Someone [ordered|bought] {a product} [in my name|with my account] and it was not me.",
            "I got [a mail|a text message] that [pretends to be|looks like] you and asks for my card number.",
            "There are [orders|payments] in my account that I never made, I think I was hacked.",
            "A [shop|seller] on your site took {amount} and [does not exist|has vanished].",
            "My [stolen|lost] card was used [in your shop|for {order}] on {day}.",
        ],
    },
];

/// Sentences that leave open which of several labels is meant, with those labels.
pub const VAGUE: [(&str, &[&str]); 12] = [
    ("There is [a problem|something wrong] with the [payment|money] for {order}.", &["billing", "refund"]),
    ("[I paid|You took] {amount} and [that is not right|I do not agree with that].", &["billing", "refund"]),
    ("[Please check|Can you look at] the payment for the {product}[, I paid too much|].", &["billing", "refund"]),
    ("I am [missing|waiting for] {amount} from you [since {day}|].", &["refund", "billing"]),
    ("I [still have not got|am still waiting for] [anything|it] from {order}.", &["delivery", "refund"]),
    ("The {product} is not what I ordered.", &["delivery", "refund"]),
    ("I do not want {order} [any more|after all].", &["cancellation", "refund"]),
    ("[Please stop|I want to stop] the [payments|monthly payments].", &["cancellation", "billing"]),
    ("It [does not work|stopped working] [any more|since the update|on my phone].", &["bug", "login"]),
    ("[The site|The app] [throws me out|will not let me in|hangs].", &["login", "bug"]),
    ("I cannot [find|see] [the button|my orders|that option] [in the app|].", &["feature-request", "bug"]),
    ("Why can I not [change|choose] [that|this] in [the app|my account]?", &["feature-request", "bug", "login"]),
];

/// Sentences around the matter, of any label.
pub const CONTEXT: [&str; 14] = [
    "I ordered [{a product}|the {product}] {ago}.",
    "My [order|customer] number is {order}.",
    "This is about {order} [from|of] {day}.",
    "I have been a customer for [two|three|five|ten] years.",
    "I [already wrote|wrote to you|called] [twice|{ago}|on {day}] [and got no answer|].",
    "The [lady|man|colleague] on the [phone|hotline] [could not help|sent me here|knew nothing].",
    "It is [a gift|a birthday present] for my [mother|son|neighbour].",
    "I [checked|looked at] [my account|the app|the help pages] [first|] but [found nothing|that did not help].",
    "I paid {amount} for it.",
    "I use [the app|your site] [every day|on my phone|for work].",
    "[This is|It is] [really|very|a bit] [annoying|disappointing|frustrating].",
    "It [worked|was fine] [last year|until {day}|before].",
    "[Maybe|Perhaps] I did something wrong.",
    "I [need an answer|hope to hear from you] [by {day}|soon|today].",
];

/// How a written ticket begins; often it does not.
pub const GREETINGS: [&str; 9] = [
    "",
    "",
    "",
    "Hello,",
    "Hi,",
    "Hi there,",
    "Dear support team,",
    "Good [morning|evening],",
    "Hello [again|everybody],",
];

/// How a written ticket ends; often it does not.
pub const CLOSINGS: [&str; 9] = [
    "",
    "",
    "",
    "Thanks!",
    "Thank you.",
    "[Kind|Best] regards",
    "Please [help|advise|get back to me].",
    "Many thanks in advance.",
    "Cheers",
];

/// How a call begins once it is written down.
pub const CALL_OPENINGS: [&str; 6] =
    ["yeah hi", "hello can you hear me", "uh good morning", "hi so", "yes hello it's me again", "right so"];

/// What people say between words.
pub const FILLERS: [&str; 8] = ["uh", "um", "you know", "i mean", "like", "sort of", "erm", "well"];

/// Things the shop sells.
pub const PRODUCTS: [&str; 24] = [
    "kettle",
    "desk lamp",
    "rain jacket",
    "bike helmet",
    "office chair",
    "blender",
    "phone case",
    "rucksack",
    "board game",
    "coffee grinder",
    "garden hose",
    "headphones",
    "yoga mat",
    "bookshelf",
    "toaster",
    "camping stove",
    "alarm clock",
    "water bottle",
    "keyboard",
    "winter coat",
    "picture frame",
    "power bank",
    "frying pan",
    "pair of boots",
];

/// How long ago something was.
pub const AGO: [&str; 7] =
    ["two weeks ago", "yesterday", "last month", "ten days ago", "on Monday", "three days ago", "in spring"];

/// Days that people name.
pub const DAYS: [&str; 9] =
    ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "the 3rd", "the 15th", "the 28th"];
