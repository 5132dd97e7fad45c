//! The ways of telling which spans are right, by the names under which they are asked for.

use super::SpanMatch;

/// A way of telling which spans, or parts of them, are right.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Way {
    /// [`SpanMatch::Strict`].
    #[default]
    Strict,
    /// [`SpanMatch::Exact`].
    Exact,
    /// [`SpanMatch::Partial`].
    Partial,
    /// [`SpanMatch::Type`].
    Type,
    /// Strict, tags being read as the script of the CoNLL shared tasks reads them ([`super::Decoding::Conlleval`]).
    Conlleval,
    /// Tokens inside spans are what is right or wrong.
    Token,
    /// The same of characters.
    Character,
}

impl Way {
    /// All of them.
    pub const ALL: [Self; 7] =
        [Self::Strict, Self::Exact, Self::Partial, Self::Type, Self::Conlleval, Self::Token, Self::Character];

    /// Its name: `strict`, `exact`, `partial`, `type`, `conlleval`, `token`, `character`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Conlleval => "conlleval",
            Self::Token => "token",
            Self::Character => "character",
            Self::Strict => SpanMatch::Strict.name(),
            Self::Exact => SpanMatch::Exact.name(),
            Self::Partial => SpanMatch::Partial.name(),
            Self::Type => SpanMatch::Type.name(),
        }
    }

    /// The way of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|way| way.name() == name)
    }

    /// Its meaning in a sentence.
    pub fn meaning(self) -> &'static str {
        match self {
            Self::Conlleval => "as strict, but an invalid tag opens or goes on with a span as conlleval reads it",
            Self::Token => "a token is right when it lies in a predicted and a gold span of one type",
            Self::Character => "a character is right when it lies in a predicted and a gold span of one type",
            Self::Strict => SpanMatch::Strict.meaning(),
            Self::Exact => SpanMatch::Exact.meaning(),
            Self::Partial => SpanMatch::Partial.meaning(),
            Self::Type => SpanMatch::Type.meaning(),
        }
    }

    /// What matches spans one to one in this way; `None` of parts of spans. Conlleval matches as strict does.
    pub fn matching(self) -> Option<SpanMatch> {
        match self {
            Self::Strict | Self::Conlleval => Some(SpanMatch::Strict),
            Self::Exact => Some(SpanMatch::Exact),
            Self::Partial => Some(SpanMatch::Partial),
            Self::Type => Some(SpanMatch::Type),
            Self::Token | Self::Character => None,
        }
    }
}
