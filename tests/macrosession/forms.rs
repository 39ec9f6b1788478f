//! Templates with places for texts, and what they show: [`super::any_constant`] fills them.

/// What a part of a form shows.
pub enum Shows {
    Text(&'static str),
    /// The field.
    Value,
    /// The same, with a star.
    Raw,
    /// The field, then both constants.
    Concat,
    RawConcat,
    /// "1" if the field is false.
    Not,
    /// "1" if the field compares to the first constant.
    Compares(&'static str),
    /// The first constant if the field is true, else the second.
    Chosen,
    /// The first constant if the field is true, else nothing.
    ChosenOrNothing,
    /// These if the field is true, or not.
    If(&'static str, &'static str),
    /// These if the field compares to the first constant, or does not.
    IfCompares(&'static str, &'static str, &'static str),
}

/// An argument of an authorisation.
pub enum Asked {
    Word(&'static str),
    /// The text of that number.
    Text(usize),
    /// The parameter of the query string for the second text's kind of object.
    Query,
}

/// A template with @0 for the field's name, @1 and @2 for constants.
pub struct Form {
    pub template: &'static str,
    pub shows: &'static [Shows],
    pub asks: &'static [Asked],
    /// The third text is what the context has for `article`, `rubrique`, `#BALISE` and `#GET{v}`.
    pub is_frozen: bool,
}

use Asked::{Query, Word};
use Shows::*;

const fn form(template: &'static str, shows: &'static [Shows]) -> Form {
    Form { template, shows, asks: &[], is_frozen: false }
}

const fn asking(template: &'static str, is_frozen: bool, asks: &'static [Asked]) -> Form {
    Form { template, shows: &[If("yes", "yes")], asks, is_frozen }
}

/// All of them. Blanks stand only where they are shown whether blanks are kept or not.
pub const FORMS: &[Form] = &[
    form("<p>#_SESSION{@0}</p>", &[Text("<p>"), Value, Text("</p>")]),
    form("<p title=\"#_SESSION*{@0}\">", &[Text("<p title=\""), Raw, Text("\">")]),
    form("[<b> (#_SESSION{ @0 , }) </b>].", &[Text("<b> "), Value, Text(" </b>.")]),
    form("<#_SESSION{@0,==,@1}>", &[Text("<"), Compares("=="), Text(">")]),
    form("<#_SESSION{@0,!=,@1}>", &[Text("<"), Compares("!="), Text(">")]),
    form("<#_SESSION{@0, < ,@1}>", &[Text("<"), Compares("<"), Text(">")]),
    form("<#_SESSION{@0,\"<=\",@1}>", &[Text("<"), Compares("<="), Text(">")]),
    form("<#_SESSION{@0,>,@1}>", &[Text("<"), Compares(">"), Text(">")]),
    form("<#_SESSION{@0,>=,@1}>", &[Text("<"), Compares(">="), Text(">")]),
    form("<#_SESSION{@0,!}>", &[Text("<"), Not, Text(">")]),
    form("<#_SESSION{@0,?,@1,@2}>", &[Text("<"), Chosen, Text(">")]),
    form("<#_SESSION**{@0,choixselon,@1}>", &[Text("<"), ChosenOrNothing, Text(">")]),
    form("<#_SESSION{@0,concat,@1,@2}>", &[Text("<"), Concat, Text(">")]),
    form("<?xml #_SESSION*{@0,concat,@1,@2}?>", &[Text("<?xml "), RawConcat, Text("?>")]),
    form("#_SESSION_SI{@0}yes#_SESSION_SINON no#_SESSION_FIN", &[If("yes", " no")]),
    form(
        "#_SESSION_SI{@0,<=,@1}yes#_SESSION_SINON no#_SESSION_FIN.",
        &[IfCompares("<=", "yes", " no"), Text(".")],
    ),
    form(
        "#_SESSION_SI{@0,?,@1,@1}#_SESSION_FIN#_SESSION_SI{@0,concat,@1}#_SESSION_FIN#_SESSION{@0}",
        &[Value],
    ),
    form(
        "[a[b(#_SESSION{@0,concat,@1,@2})c](#_SESSION{@0,?,@1,@2})d]",
        &[Text("ab"), Concat, Text("c"), Chosen, Text("d")],
    ),
    form("#_SESSION{@0}<?php echo 'own'; ?>#_SESSION{@0,?,@1,@2}", &[Value, Text("own"), Chosen]),
    asking(
        "#_AUTORISER_SI{@0,@1,@2}yes#_AUTORISER_FIN",
        false,
        &[Asked::Text(0), Asked::Text(1), Asked::Text(2)],
    ),
    asking(
        "#_AUTORISER_SI{@0,truc,'5',@1,@2}yes#_AUTORISER_FIN",
        false,
        &[Asked::Text(0), Word("truc"), Word("5"), Asked::Text(1), Asked::Text(2)],
    ),
    asking("#_AUTORISER_SI{voir,@1,url}yes#_AUTORISER_FIN", false, &[Word("voir"), Asked::Text(1), Query]),
    asking(
        "#_AUTORISER_SI{voir,article,env,@0}yes#_AUTORISER_FIN",
        true,
        &[Word("voir"), Word("article"), Asked::Text(2), Asked::Text(0)],
    ),
    asking(
        "#_AUTORISER_SI{voir,spip_rubriques,boucle,'',@1}yes#_AUTORISER_FIN",
        true,
        &[Word("voir"), Word("spip_rubriques"), Asked::Text(2), Word(""), Asked::Text(1)],
    ),
    asking(
        "#_AUTORISER_SI{voir,x,#BALISE}yes#_AUTORISER_FIN",
        true,
        &[Word("voir"), Word("x"), Asked::Text(2)],
    ),
    asking(
        "#_AUTORISER_SI{voir,x,#GET{v}}yes#_AUTORISER_FIN",
        true,
        &[Word("voir"), Word("x"), Asked::Text(2)],
    ),
];
