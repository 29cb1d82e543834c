-- nothing


-- else
